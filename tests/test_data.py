import pytest
import torch
from conftest import MNIST_DIR

from finalnet import FinalNet
from finalnet.checkpoint import COMMITTED
from finalnet.model import normalize
from finalnet.training.data import augment, load_mnist


def test_the_last_5000_training_images_are_validation(mnist_test):
    from torchvision.datasets import MNIST

    train, validation = (load_mnist(split, MNIST_DIR) for split in ("train", "validation"))
    everything = MNIST(MNIST_DIR, train=True)
    assert (len(train.images), len(validation.images), len(mnist_test.images)) == (
        55_000,
        5_000,
        10_000,
    )
    assert torch.equal(torch.cat([train.images, validation.images]), everything.data)
    assert torch.equal(torch.cat([train.labels, validation.labels]), everything.targets)


def test_without_mnist_and_network_the_error_names_the_option(tmp_path, monkeypatch):
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
    with pytest.raises(FileNotFoundError, match="--data-dir"):
        load_mnist("train", tmp_path)


def test_augmentation_changes_every_image_in_its_own_way_and_repeats_with_the_seed(mnist_test):
    images = mnist_test.images[:1, None].float().repeat(8, 1, 1, 1) / 255
    changed = augment(images, torch.Generator().manual_seed(3))
    assert changed.shape == images.shape
    assert changed.min() >= 0 and changed.max() <= 1
    assert len({tuple(image.flatten().tolist()) for image in changed}) == 8
    assert torch.equal(changed, augment(images, torch.Generator().manual_seed(3)))


def test_augmented_digits_stay_readable(mnist_test):
    images = mnist_test.images[:1_000, None].float() / 255
    changed = augment(images, torch.Generator().manual_seed(0))
    with torch.inference_mode():
        answers = FinalNet.from_pretrained(COMMITTED).eval()(normalize(changed)).argmax(dim=1)
    assert (answers == mnist_test.labels[:1_000]).float().mean() > 0.98
