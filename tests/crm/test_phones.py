"""Phone numbers: which of them lead to a person."""

import pytest

from crm import phones
from models.vault import Vault

KINDS = {
    "real": (
        "13800138000", "+8613800138000", "+86-138-0013-8000", "0086 138 0013 8000", "8613800138000",
        "１３８００１３８０００",
    ),
    "virtual": (
        "13812345678-1234", "138-1234-5678-1234", "13812345678转12", "4008123123", "400-812-3123", "95013123456789",
        "95187-2",
    ),
    "masked": ("138****8000", "+86138****8000", "138xxxx8000", "*", "138****8000-1234"),
    "landline": ("010-62345678", "0571-8888888-12", "01062345678"),
    "other": ("12345", "110", "+15550100", "23800138000", "138001380001", "1380013800", "", "电话", "-"),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_number_is_of_one_kind_however_it_is_written(kind):
    assert {phone: phones.kind_of(phone) for phone in KINDS[kind]} == dict.fromkeys(KINDS[kind], kind)


def test_only_a_real_number_is_found_again_and_every_writing_of_it_is_the_same():
    vault = Vault(b"k" * 32)

    assert {phones.digest(phone, vault) for phone in KINDS["real"]} == {vault.digest("phone:13800138000")}
    assert {phones.digest(phone, vault) for kind in KINDS.keys() - {"real"} for phone in KINDS[kind]} == {None}
