"""The program in a process of its own, so that a bench never shares an interpreter with what it measures."""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def served(serve: Callable[..., None], *args: Any) -> Iterator[Any]:
    """`serve(pipe, *args)` in a process of its own until the end; what it sends first, its port or more."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, *args), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()
