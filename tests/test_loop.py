import argparse
import json
import math
import re
import resource
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from conftest import MNIST_DIR
from drawings import DRAWINGS

from finalnet import FinalNet, Recognizer
from finalnet.__main__ import main
from finalnet.checkpoint import BUNDLED
from finalnet.drawings import Drawing, read_drawings
from finalnet.evaluation.scores import mnist_samples, score
from finalnet.model import normalize_pixels, to_tensor
from finalnet.training.arguments import FINE_TUNING, PRECISIONS, QUICK, TrainingArguments
from finalnet.training.command import add_training_arguments, training_arguments
from finalnet.training.data import Digits, augment, load_mnist
from finalnet.training.handwriting import generate, generate_digits
from finalnet.training.learner import PENS, Learner, mixed_loss
from finalnet.training.loop import Pool, epoch_order, measure_accuracy, train
from finalnet.training.pool import growing_pool
from finalnet.training.precision import pick_device, pick_precision
from finalnet.training.writing import check_output, write_checkpoint


@pytest.fixture(scope="module")
def few_digits(mnist_test) -> Digits:
    digits = load_mnist("train", MNIST_DIR)
    return Digits(digits.images[:500], digits.labels[:500])


NOTHING = Pool(0, iter(()))


def one_batch(**changes) -> TrainingArguments:
    """A training whose epochs are one step each, on 60 digits and nothing else."""
    plain = {"epochs": 1, "generated_digits": 0, "generated_others": 0, "batch_size": 60}
    return TrainingArguments(**(plain | {"precision": "float32", "device": "cpu"} | changes))


def trained(few_digits: Digits, **changes) -> FinalNet:
    digits = Digits(few_digits.images[:60], few_digits.labels[:60])
    return train(one_batch(**changes), digits, digits, NOTHING).model


def step_by_step(few_digits: Digits, **changes) -> tuple[Learner, list[dict[str, torch.Tensor]]]:
    """A learner of ten steps that has taken three, and its weights before and after each."""
    torch.manual_seed(0)
    learner = Learner(one_batch(**changes), torch.device("cpu"), "float32", steps=10)
    weights = []
    for _ in range(4):
        weights.append({n: w.detach().clone() for n, w in learner.model.named_parameters()})
        learner.step(to_tensor(few_digits.images[:60]), few_digits.labels[:60])
    return learner, weights


def test_training_on_few_digits_learns_and_repeats_with_the_seed(few_digits, drawings_file):
    arguments = TrainingArguments(
        epochs=4,
        generated_digits=40,
        generated_others=20,
        real_digits=60,
        real_others=20,
        batch_size=32,
        seed=5,
        precision="float32",
        device="cpu",
    )
    drawings = list(read_drawings(drawings_file))
    with growing_pool(arguments, drawings) as pool:
        model, history, precision, _ = train(arguments, few_digits, few_digits, pool)
    assert precision == "float32"
    assert [epoch.epoch for epoch in history] == [1, 2, 3, 4]
    assert history[-1].loss < history[0].loss / 2
    assert history[-1].validation_accuracy == measure_accuracy(model, few_digits) > 0.8
    with growing_pool(arguments, drawings) as pool:
        again = train(arguments, few_digits, few_digits, pool).model
    assert model.pens == PENS
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_loss_is_that_of_augmented_digits_in_float32_without_dropout(few_digits, precision):
    labels = few_digits.labels[:60].clone()
    labels[::3] = -1  # not digits
    digits = Digits(few_digits.images[:60], labels)
    arguments = one_batch(precision=precision, seed=3)
    (epoch,) = train(arguments, digits, digits, NOTHING).history
    torch.manual_seed(3)
    model = FinalNet().train().to(memory_format=torch.channels_last)
    random = torch.Generator().manual_seed(3)
    order = epoch_order(60, 60, 0, random)
    images = augment(digits.images[order, None].float() / 255, random)
    features = []
    model.fc1.register_forward_hook(lambda _module, _inputs, output: features.append(output))
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
        model(normalize_pixels(images).to(memory_format=torch.channels_last))
        logits = model.fc2(features[0].relu())
    losses = -logits.double().log_softmax(dim=1)
    own = losses[range(60), labels[order].clamp(min=0)]
    expected = torch.where(labels[order] < 0, losses.mean(dim=1), own).mean()
    assert epoch.loss == pytest.approx(expected.item(), rel=1e-6)


def test_dropout_is_off_by_default(few_digits):
    default, silent = trained(few_digits), trained(few_digits, dropout=0.0)
    loud = trained(few_digits, dropout=0.25)
    assert torch.equal(default.fc2.weight, silent.fc2.weight)
    assert not torch.equal(default.fc2.weight, loud.fc2.weight)
    assert default.dropout.p == loud.dropout.p == 0.25


def test_averaged_weights_follow_over_the_span_and_sooner_at_first(few_digits):
    learner, (_, first, second, third) = step_by_step(few_digits, ema_span=0.115)
    last = learner.model.fc1.weight
    expected = first["fc1.weight"]
    for span, weights in (
        (1.1, second["fc1.weight"]),  # a tenth of the steps before, and this
        (1.15, third["fc1.weight"]),  # 0.115 of ten steps
        (1.15, last),
    ):
        keep = 1 - 1 / span
        expected = keep * expected + (1 - keep) * weights
    assert (expected - last).abs().max() > 1e-5
    torch.testing.assert_close(learner.averaged.fc1.weight, expected)


def test_training_returns_the_averaged_weights(few_digits):
    long, last = (trained(few_digits, epochs=10, ema_span=span) for span in (1e12, 0))
    assert (long.fc1.weight - last.fc1.weight).abs().max() > 1e-4


def test_muon_moves_kernels_equally_in_all_directions(few_digits):
    _, (before, after, *_) = step_by_step(few_digits, weight_decay=0.0)
    for name in ("conv2.weight", "conv3.weight", "conv4.weight", "fc1.weight"):
        sizes = torch.linalg.svdvals((after[name] - before[name]).flatten(1))
        # Muon's own: AdamW's first step is all signs, and gradients are far less even.
        assert sizes.min() > 0.3 * sizes.max(), name


def test_weight_decay_follows_its_argument(few_digits):
    _, (before, free, *_) = step_by_step(few_digits, weight_decay=0.0)
    _, (_, decayed, *_) = step_by_step(few_digits, weight_decay=0.5)
    start = 1 / 25  # of the peak rate, where OneCycle begins
    for name, rate in (("conv2.weight", 2e-2), ("fc2.weight", 1e-2)):
        expected = 0.5 * start * rate * before[name]
        torch.testing.assert_close(free[name] - decayed[name], expected, rtol=0.05, atol=1e-6)


def test_other_drawings_are_trained_towards_ten_equal_probabilities():
    log_probabilities = torch.tensor([[0.5] + [0.5 / 9] * 9, [0.1] * 10]).log()
    loss = mixed_loss(log_probabilities, torch.tensor([-1, -1]))
    assert loss.item() == pytest.approx(
        -(math.log(0.5) / 10 + 0.9 * math.log(0.5 / 9) + math.log(0.1)) / 2
    )
    both = mixed_loss(log_probabilities, torch.tensor([0, -1]))
    assert both.item() == pytest.approx(-(math.log(0.5) + math.log(0.1)) / 2)


def test_an_epoch_has_every_real_row_once_and_some_generated_ones():
    order = epoch_order(100, 150, 20, torch.Generator().manual_seed(0))
    assert len(order) == 120 and order.max() < 150
    assert sorted(order[order < 100].tolist()) == list(range(100))
    assert len(order.unique()) == 120
    assert order[:50].tolist() != sorted(order[:50].tolist())


def test_every_row_of_an_epoch_is_learned(few_digits):
    digits = Digits(few_digits.images[:60], few_digits.labels[:60])
    plain = {"learning_rate": 0.0, "muon_rate": 0.0, "weight_decay": 0.0, "ema_span": 0.0}
    # The mean of the losses over all rows, in batches of 40 and 20, of which none moves a weight.
    (whole,) = train(one_batch(batch_size=40, **plain), digits, digits, NOTHING).history
    torch.manual_seed(TrainingArguments.seed)
    model = FinalNet().train().to(memory_format=torch.channels_last)
    model.dropout.p = 0
    random = torch.Generator().manual_seed(TrainingArguments.seed)
    loss = 0.0
    for rows in epoch_order(60, 60, 0, random).split(40):
        images = normalize_pixels(augment(digits.images[rows, None].float() / 255, random))
        log_probabilities = model(images.to(memory_format=torch.channels_last))
        loss += mixed_loss(log_probabilities, digits.labels[rows]).item() * len(rows) / 60
    assert whole.loss == pytest.approx(loss, rel=1e-6)


def test_batch_norm_uses_statistics_of_unaugmented_digits(few_digits):
    digits = Digits(few_digits.images[:60], few_digits.labels[:60])
    model = train(one_batch(), digits, digits, NOTHING).model
    seen = model.conv1(to_tensor(digits.images)).transpose(0, 1).flatten(1)
    torch.testing.assert_close(model.bn1.running_mean, seen.mean(dim=1), rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(model.bn1.running_var, seen.var(dim=1), rtol=1e-3, atol=1e-4)


def test_a_training_starts_from_the_given_network(few_digits):
    start = FinalNet.from_pretrained(BUNDLED)
    digits = Digits(few_digits.images[:60], few_digits.labels[:60])
    still = one_batch(learning_rate=0.0, muon_rate=0.0, weight_decay=0.0)
    model = train(still, digits, digits, NOTHING, start).model
    for name, parameter in start.named_parameters():
        assert torch.equal(model.get_parameter(name), parameter), name


def test_the_pool_mixes_digits_and_others_evenly_and_repeats():
    # Drawn in chunks of 1,000 and 10 digits, and 10 others.
    arguments = TrainingArguments(generated_digits=1_010, generated_others=10, seed=4)
    with growing_pool(arguments) as pool:
        parts = list(pool.drawings)
    labels = torch.cat([part.labels for part in parts])
    assert (labels < 0).sum() == 10
    assert labels[labels >= 0].bincount().tolist() == [101] * 10
    assert [(part.labels < 0).any() for part in parts] == [False, True, False]
    digits = torch.cat([part.images for part in parts])[labels >= 0]
    assert np.array_equal(digits.numpy(), generate(generate_digits, 1_010, 4))


def test_the_pool_varies_peoples_drawings_and_repeats_with_the_seed():
    stroke = np.array([[3.0, 900], [5, 100]])
    drawings = [Drawing("1", "a", [stroke]), Drawing("4", "b", [stroke, stroke + (90, 0)])]
    drawings += [
        Drawing("X", "b", [stroke, stroke @ np.diag([-1, 1])]),
        Drawing("l", "a", [stroke]),
    ]
    arguments = TrainingArguments(
        generated_digits=10, generated_others=0, real_digits=6, real_others=3
    )
    with growing_pool(arguments, drawings) as pool:
        parts = list(pool.drawings)
    labels = torch.cat([part.labels for part in parts]).tolist()
    assert pool.size == len(labels) == 19
    # Each drawing as often as the others; "l" could be a 1, so it is neither.
    assert sorted(labels) == sorted([*range(10), 1, 1, 1, 4, 4, 4, -1, -1, -1])
    real = torch.cat([part.images for part in parts if len(part.labels) == 6])
    assert len({picture.numpy().tobytes() for picture in real}) == 6
    with growing_pool(arguments, drawings) as pool:
        again = [part.images for part in pool.drawings]
    assert all(torch.equal(a.images, b) for a, b in zip(parts, again, strict=True))


def test_the_faster_precision_is_used_unless_one_is_given():
    arguments, cpu = TrainingArguments(batch_size=16), torch.device("cpu")
    assert pick_precision(arguments, cpu) in PRECISIONS
    for precision in PRECISIONS:
        assert pick_precision(replace(arguments, precision=precision), cpu) == precision
    with pytest.raises(ValueError, match="precision must be auto or one of float32, bfloat16"):
        TrainingArguments(precision="half")


def test_the_faster_precision_is_measured(capsys):
    pick_precision(TrainingArguments(batch_size=16), torch.device("cpu"))
    said = capsys.readouterr().out
    assert re.search(r"training in (float32|bfloat16) \(.*float32 \d+ ms, bfloat16 \d+ ms", said)


def test_the_bundled_checkpoint_was_trained_with_the_current_defaults():
    trained = json.loads((BUNDLED / "metrics.json").read_text())["arguments"]
    recipe = asdict(TrainingArguments())
    # The weights may be older than an argument; its default must do what was done without it.
    assert recipe | trained == recipe


def test_train_command_writes_a_whole_checkpoint(small_mnist, drawings_file, tmp_path, capsys):
    output = tmp_path / "checkpoint"
    options = ["--data-dir", str(small_mnist)]
    options += ["--output", str(output), "--epochs", "2", "--precision", "float32"]
    options += ["--generated-digits", "500", "--generated-others", "100"]
    options += ["--drawings", str(drawings_file), "--real-digits", "100", "--from", str(BUNDLED)]
    main(["train", *options])
    names = {path.name for path in output.iterdir()}
    files = {"README.md", "config.json", "metrics.json", "model.safetensors"}
    assert names == files | {"learning-curves.svg", "states.safetensors"}
    metrics = json.loads((output / "metrics.json").read_text())
    assert metrics["arguments"] == asdict(
        replace(
            FINE_TUNING,
            epochs=2,
            generated_digits=500,
            generated_others=100,
            real_digits=100,
            precision="float32",
        )
    )
    assert metrics["drawings"] == {
        "digits": len(DRAWINGS),
        "others": 0,
        "writers": 1,
        "sources": ["tests"],
    }
    committed = json.loads((BUNDLED / "metrics.json").read_text())
    assert metrics["start"]["arguments"] == committed["arguments"]
    card = " ".join((output / "README.md").read_text().split())
    assert f"{len(DRAWINGS)} digits and 0 letters and signs that 1 people drew" in card
    assert metrics["precision"] == "float32" and "float32" in capsys.readouterr().err
    test = load_mnist("test", small_mnist)
    recognizer = Recognizer.load(output)
    measured = score(recognizer, mnist_samples("MNIST test", test)).accuracy
    assert metrics["test_accuracy"] == measured
    one_view = measure_accuracy(FinalNet.from_pretrained(output), test)
    assert metrics["test_accuracy_of_one_view"] == one_view
    assert 0.1 < recognizer.network.rejection_threshold < 1
    assert list(tmp_path.iterdir()) == [output]


def test_options_override_a_preset():
    parser = argparse.ArgumentParser()
    add_training_arguments(parser)
    quick = parser.parse_args(["--preset", "quick", "--seed", "7"])
    assert training_arguments(quick) == replace(QUICK, seed=7)
    assert training_arguments(parser.parse_args([])) == TrainingArguments()
    with pytest.raises(ValueError, match="leave one out"):
        training_arguments(parser.parse_args(["--preset", "quick", "--from", str(BUNDLED)]))


def test_train_command_names_the_option_when_mnist_is_missing(tmp_path):
    # Not a folder, so that nothing can be downloaded into it.
    occupied = tmp_path / "occupied"
    occupied.write_text("")
    with pytest.raises(SystemExit, match="error: .*--data-dir"):
        main(["train", "--data-dir", str(occupied), "--output", str(tmp_path / "finalnet")])


def test_a_failed_write_leaves_the_old_checkpoint(tmp_path):
    folder = tmp_path / "finalnet"
    metrics = json.loads((BUNDLED / "metrics.json").read_text())
    write_checkpoint(folder, FinalNet(), metrics)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(KeyError):
        write_checkpoint(folder, FinalNet(), {})
    (tmp_path / "finalnet").rename(tmp_path / "finalnet.old")  # as a crash between renames would
    check_output(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    write_checkpoint(folder, FinalNet(), metrics)
    assert (folder / "model.safetensors").read_bytes() != before["model.safetensors"]
    assert list(tmp_path.iterdir()) == [folder]


def test_a_folder_with_other_files_is_not_written_to(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    metrics = json.loads((BUNDLED / "metrics.json").read_text())
    with pytest.raises(ValueError, match="holds other files"):
        write_checkpoint(tmp_path, FinalNet(), metrics)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_an_unknown_device_is_refused_with_a_list_of_devices():
    with pytest.raises(ValueError, match=r"device 'tpu' is not available; choose auto or .*cpu"):
        pick_device("tpu")
    assert pick_device("cpu") == torch.device("cpu")


def test_the_bundled_checkpoint_reaches_the_accuracy_in_its_metrics(mnist_test):
    metrics = json.loads((BUNDLED / "metrics.json").read_text())
    one_view = measure_accuracy(FinalNet.from_pretrained(BUNDLED), mnist_test)
    accuracy = score(Recognizer.load(), mnist_samples("MNIST test", mnist_test)).accuracy
    # Within two digits, because other machines round otherwise.
    assert one_view == pytest.approx(metrics["test_accuracy_of_one_view"], abs=2e-4)
    assert accuracy == pytest.approx(metrics["test_accuracy"], abs=2e-4)
    assert accuracy >= 0.995


def test_an_unwritable_output_is_reported_before_training():
    for folder in ("/proc/finalnet", "/dev/null/finalnet"):
        with pytest.raises(SystemExit, match=f"to {folder}.*name another folder with --output"):
            main(["train", "--output", folder])


def test_a_full_disk_is_reported_before_training(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, hard))
    try:
        with pytest.raises(SystemExit, match="File too large.*free 8 MB"):
            main(["train", "--output", str(tmp_path / "finalnet")])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
