"""What the attribute network is taught by."""

import torch
from training.attributes.losses import age_targets, attribute_loss, sex_targets
from training.attributes.network import Read
from training.attributes.terms import AGES


def _read(sex: list[int], age: list[int], readable: list[int], sure: float = 8.0) -> Read:
    """Logits of a network that is sure of these answers."""
    return Read(
        torch.eye(2)[sex] * sure,
        torch.eye(len(AGES))[age] * sure,
        (torch.tensor(readable).float() - 0.5) * 2 * sure,
    )


SEX, AGE = torch.tensor([0, 1, -1]), torch.tensor([3, 8, -1])


def test_targets_are_distributions_that_know_the_order_of_ages() -> None:
    """Each label's row adds up to 1, is largest at the label, and counts a near age more than a far one."""
    for targets in (age_targets(), sex_targets()):
        assert torch.allclose(targets.sum(1), torch.ones(len(targets)))
        assert (targets.argmax(1) == torch.arange(len(targets))).all()
    row = age_targets()[3]
    assert row[3] > row[4] > row[5]
    assert row[3] > row[2] > row[1]


def test_being_right_costs_less_than_being_wrong() -> None:
    """Each head's error raises its own part of the loss."""
    right = attribute_loss(_read([0, 1, 0], [3, 8, 0], [1, 1, 0]), SEX, AGE)
    assert attribute_loss(_read([1, 1, 0], [3, 8, 0], [1, 1, 0]), SEX, AGE).sex > right.sex
    assert attribute_loss(_read([0, 1, 0], [3, 8, 0], [1, 1, 1]), SEX, AGE).readable > right.readable
    near = attribute_loss(_read([0, 1, 0], [4, 8, 0], [1, 1, 0]), SEX, AGE)
    far = attribute_loss(_read([0, 1, 0], [6, 8, 0], [1, 1, 0]), SEX, AGE)
    assert right.age < near.age < far.age


def test_an_unreadable_picture_teaches_no_sex_and_no_age() -> None:
    """What the network says of the sex and age of a picture without a face changes nothing."""
    one = attribute_loss(_read([0, 1, 0], [3, 8, 0], [1, 1, 0]), SEX, AGE)
    other = attribute_loss(_read([0, 1, 1], [3, 8, 7], [1, 1, 0]), SEX, AGE)
    assert torch.equal(one.total, other.total)


def test_a_teacher_that_is_trusted_wholly_replaces_the_labels() -> None:
    """With trust 1 the labels of sex and age have no say; with 0 the teacher has none."""
    read, taught = _read([0, 1, 0], [3, 8, 0], [1, 1, 0]), _read([1, 0], [5, 5], [1, 1])
    swapped = torch.tensor([1, 0, -1]), torch.tensor([5, 5, -1])
    assert attribute_loss(read, SEX, AGE, taught, 1.0).sex == attribute_loss(read, *swapped, taught, 1.0).sex
    assert attribute_loss(read, SEX, AGE, taught, 0.0).sex == attribute_loss(read, SEX, AGE).sex
    assert attribute_loss(read, SEX, AGE, taught, 1.0).sex > attribute_loss(read, SEX, AGE).sex
