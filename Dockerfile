# Python 3.13.15 on trixie, for all architectures; Dependabot proposes the next one.
FROM python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b AS build
WORKDIR /source
COPY requirements-dev.lock ./
# The build backend and what it needs, by hash: an isolated build would fetch them unchecked.
RUN sed -n '/^\(hatchling\|packaging\|pathspec\|pluggy\|trove-classifiers\)==/,/[^\\]$/p' requirements-dev.lock > build.lock \
    && python -m pip install --no-cache-dir --disable-pip-version-check --root-user-action ignore \
        --require-hashes --no-deps --only-binary :all: --requirement build.lock
COPY pyproject.toml README.md LICENSE ./
COPY examples ./examples
COPY gate ./gate
RUN python -m pip wheel --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir /wheels .

FROM python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b
COPY requirements.lock /tmp/
RUN python -m pip install --no-cache-dir --disable-pip-version-check --root-user-action ignore \
        --require-hashes --no-deps --only-binary :all: --requirement /tmp/requirements.lock \
    && rm /tmp/requirements.lock
COPY --from=build /wheels /tmp/wheels
RUN python -m pip install --no-cache-dir --disable-pip-version-check --root-user-action ignore \
        --no-deps --no-index /tmp/wheels/*.whl \
    && rm -r /tmp/wheels
# No USER: GitHub's docker actions run as root, or they cannot write to the workspace; load workers drop it themselves.
# -I: the working directory is the workspace, and its files must never be imported.
ENTRYPOINT ["/usr/local/bin/python", "-I", "-m", "gate"]
