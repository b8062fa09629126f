"""验证文件: what WeCom and official accounts ask to find at the root of the site."""

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from callers import anyone
from console.door import RUN_JOBS, blueprint, user_only
from crm import audits, verification_files
from crm.errors import BadInput, Conflict
from runtime import runtime

root = Blueprint("verification", __name__)


@root.get("/WW_verify_<code>.txt")
@root.get("/MP_verify_<code>.txt")
@anyone
def verification_file(code: str) -> ResponseReturnValue:
    """The file as it was uploaded; 404 for any other."""
    with runtime().reading() as session:
        content = verification_files.content_of(session, request.path.removeprefix("/"))
    return Response(content, mimetype="text/plain")


@blueprint.get("/verification")
@user_only(*RUN_JOBS)
def verification_page() -> ResponseReturnValue:
    """What is served, and the box to upload another."""
    return _shown()


@blueprint.post("/verification")
@user_only(*RUN_JOBS)
def upload_verification() -> ResponseReturnValue:
    """Multipart `file`: its own name counts, 16 letters and digits, and nothing but letters and digits inside."""
    files = list(request.files.items(multi=True))
    if set(request.form) - {"csrf_token"} or [name for name, _ in files] != ["file"]:
        raise BadInput("请从页面上提交")
    content = files[0][1].read(verification_files.LARGEST + 1)
    now = runtime().now()
    try:
        with runtime().transaction() as session:
            name = verification_files.store(session, files[0][1].filename or "", content, by=g.actor, now=now)
            audits.note(session, actor=g.actor, action="verification.store", subject=name, now=now)
    except (BadInput, Conflict) as error:
        return _shown(error=error), error.status
    return redirect(url_for("console.verification_page"), 303)


@blueprint.post("/verification/<int:file_id>/delete")
@user_only(*RUN_JOBS)
def delete_verification(file_id: int) -> ResponseReturnValue:
    now = runtime().now()
    with runtime().transaction() as session:
        verification_files.drop(session, file_id)
        audits.note(session, actor=g.actor, action="verification.delete", subject=f"verification:{file_id}", now=now)
    return redirect(url_for("console.verification_page"), 303)


def _shown(**more: object) -> str:
    with runtime().reading() as session:
        files = verification_files.every(session)
    address = runtime().settings.server.public_url
    return render_template("console/verification.html", here="verification", files=files, address=address, **more)
