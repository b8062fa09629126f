"""Codes another system made, for a pool's batch: pasted, or in a file."""

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from console.coupons import one_batch
from console.door import blueprint, user_only
from crm import audits, coupon_batches
from crm.errors import BadInput
from files.code_lines import decoded, read_codes
from runtime import runtime

MOST_CODES = 50_000
LARGEST_MB = 4
NAMED = 20  # of the lines that are wrong, and of the codes that were there


@blueprint.post("/coupons/<int:batch_id>/codes")
@user_only("operator")
def add_codes(batch_id: int) -> ResponseReturnValue:
    """`codes`, or `file` (TXT or CSV), one code a line: 303, or a page that names what was there already.

    One line that is no code, and nothing is taken: 422 with each such line. Safe to repeat.
    """
    typed = ""
    try:
        typed, text = _sent()
        lines = read_codes(text)
        if lines.wrong:
            wrong = {"wrong": lines.wrong[:NAMED], "more_wrong": len(lines.wrong) - NAMED}
            error = BadInput("每行一个券码，最多 64 个字符，中间没有空格和逗号", field="codes")
            return one_batch(batch_id, error=error, typed=typed, **wrong), 422
        if not lines.codes:
            raise BadInput("贴上券码，或者选一个文件，一行一个", field="codes")
        if len(lines.codes) > MOST_CODES:
            raise BadInput("一次最多 %(n)s 个", n=MOST_CODES, field="codes")
    except BadInput as error:
        return one_batch(batch_id, error=error, typed=typed), error.status
    added, there = _add(batch_id, lines.codes)
    if not lines.again and not there:
        return redirect(url_for("console.coupon_batch", batch_id=batch_id, added=added), 303)
    named = {"again": lines.again[:NAMED], "there": there[:NAMED]}
    return one_batch(batch_id, added=added, times_again=len(lines.again), times_there=len(there), **named)


def _sent() -> tuple[str, str]:
    """What was typed, to be kept on the page, and the text to read. Raises `BadInput`."""
    fields = [name for name, _ in request.form.items(multi=True) if name != "csrf_token"]
    files = [name for name, _ in request.files.items(multi=True)]
    if fields != ["codes"] or files not in ([], ["file"]):
        raise BadInput("请从页面上提交")
    typed, file = request.form["codes"], request.files.get("file")
    if file is None or not file.filename:
        return typed, typed
    content = file.read(LARGEST_MB * 1024**2 + 1)
    if len(content) > LARGEST_MB * 1024**2:
        raise BadInput("太大了，最多 %(n)s MB", n=LARGEST_MB, field="codes")
    text = decoded(content)
    if text is None:
        raise BadInput("这个文件读不出文字。存成 TXT 或 CSV 再传", field="codes")
    return typed, text


def _add(batch_id: int, codes: list[str]) -> tuple[int, list[str]]:
    """How many are new, and which were there already."""
    there: list[str] = []
    for start in range(0, len(codes), coupon_batches.ROWS_AT_ONCE):
        some = codes[start : start + coupon_batches.ROWS_AT_ONCE]
        with runtime().transaction() as session:
            fresh = set(coupon_batches.add_codes(session, batch_id, some))
        there += [code for code in some if code not in fresh]
    added, now = len(codes) - len(there), runtime().now()
    with runtime().transaction() as session:
        subject = f"coupon_batch:{batch_id}"
        audits.note(session, actor=g.actor, action="coupon_batch.codes", subject=subject, now=now, count=added)
    return added, there
