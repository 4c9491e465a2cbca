"""The exceptions: one for each code of the core, each of the built-in kind that a person expects."""

from __future__ import annotations

import builtins
import copy
import pickle

import pytest

import postseal
from postseal import errors
from postseal._core import native

KINDS = sorted(errors.BY_CODE.items())

#: Which of them `except` clauses for built-in exceptions catch, too.
BUILT_IN = {
    "already-exists": FileExistsError,
    "certificate": ConnectionError,
    "closed": ConnectionError,
    "file": OSError,
    "forked": RuntimeError,
    "internal": RuntimeError,
    "invalid-input": ValueError,
    "key-missing": LookupError,
    "login-refused": PermissionError,
    "malformed": ValueError,
    "network": ConnectionError,
    "not-found": LookupError,
    "protocol": ConnectionError,
    "tampered": ValueError,
    "timeout": builtins.TimeoutError,
    "tls": ConnectionError,
    "wrong-passphrase": ValueError,
}


def test_there_is_one_exception_for_each_code_of_the_core() -> None:
    assert sorted(errors.BY_CODE) == sorted(native.error_codes())


@pytest.mark.parametrize(("code", "kind"), KINDS)
def test_an_exception_is_what_its_name_says(code: str, kind: type[postseal.Error]) -> None:
    assert kind.__name__ == code.title().replace("-", "") + "Error"
    assert getattr(postseal, kind.__name__) is kind and kind.__doc__
    error = kind("what happened", retryable=True, session_usable=False)
    assert (str(error), error.code, error.retryable, error.session_usable) == ("what happened", code, True, False)
    assert isinstance(error, BUILT_IN.get(code, Exception))


@pytest.mark.parametrize(("code", "kind"), KINDS)
def test_an_exception_survives_copies_and_other_processes(code: str, kind: type[postseal.Error]) -> None:
    error = kind("what happened", retryable=True)
    for again in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert type(again) is kind and str(again) == "what happened" and again.retryable


def test_a_defect_of_the_core_is_an_internal_error() -> None:
    error = errors.from_native(native.InternalError("a panic"))
    assert isinstance(error, postseal.InternalError) and str(error) == "a panic" and not error.session_usable
