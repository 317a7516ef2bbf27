import gzip

import pytest
import torch
from conftest import MNIST_DIR

from finalnet import FinalNet
from finalnet.checkpoint import BUNDLED
from finalnet.model import normalize_pixels
from finalnet.training.data import augment, load_mnist, read_idx


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


def test_without_mnist_and_internet_the_error_names_the_option(tmp_path, monkeypatch):
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nothing listens on port 9
    with pytest.raises(FileNotFoundError, match="--data-dir"):
        load_mnist("train", tmp_path)


def test_augmentation_changes_every_image_differently_and_repeats_with_the_seed(mnist_test):
    images = mnist_test.images[:1, None].float().repeat(8, 1, 1, 1) / 255
    changed = augment(images, torch.Generator().manual_seed(3))
    assert changed.shape == images.shape
    assert changed.min() >= 0 and changed.max() <= 1
    assert len({tuple(image.flatten().tolist()) for image in changed}) == 8
    assert torch.equal(changed, augment(images, torch.Generator().manual_seed(3)))


def test_augmented_digits_are_still_recognised(mnist_test):
    images = mnist_test.images[:1_000, None].float() / 255
    changed = normalize_pixels(augment(images, torch.Generator().manual_seed(0)))
    with torch.inference_mode():
        answers = FinalNet.from_pretrained(BUNDLED).eval()(changed).argmax(dim=1)
    assert (answers == mnist_test.labels[:1_000]).float().mean() > 0.98


def test_mnist_is_read_under_the_names_of_other_mirrors(small_mnist, tmp_path):
    for path in (small_mnist / "MNIST" / "raw").iterdir():
        name = path.name.replace("-idx", ".idx")
        if "images" in name:
            (tmp_path / f"{name}.gz").write_bytes(gzip.compress(path.read_bytes(), 1))
        else:
            (tmp_path / name).write_bytes(path.read_bytes())
    for split in ("train", "validation", "test"):
        for one, other in zip(
            load_mnist(split, tmp_path), load_mnist(split, small_mnist), strict=True
        ):
            assert torch.equal(one, other)


@pytest.mark.parametrize("size", [0, 3, 10, 1_000])
def test_a_truncated_file_is_reported_with_its_expected_size(small_mnist, tmp_path, size):
    whole = (small_mnist / "MNIST" / "raw" / "t10k-images-idx3-ubyte").read_bytes()
    path = tmp_path / "t10k-images-idx3-ubyte"
    path.write_bytes(whole[:size])
    told = (
        f"{len(whole):,} bytes long, but is 1,000"
        if size == 1_000
        else f"{size} bytes that are not"
    )
    with pytest.raises(ValueError, match=told):
        read_idx(path)
