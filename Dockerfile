# DingBridge in a container. Two stages: what installs stays in the first, the second holds Python, the libraries and us.
# Where Docker Hub or PyPI is slow: --build-arg PYTHON_IMAGE=<mirror>/python:3.12-slim --build-arg PIP_INDEX_URL=<mirror>
ARG PYTHON_IMAGE=python:3.12-slim

FROM ${PYTHON_IMAGE} AS libraries
ARG PIP_INDEX_URL
COPY requirements.txt .
# The libraries are compiled here, once: the health check starts Python every 30 seconds.
RUN python -m venv --without-pip /venv \
    && python -m pip --python /venv/bin/python install --no-cache-dir --disable-pip-version-check -r requirements.txt

FROM ${PYTHON_IMAGE}
# A number that no host user is likely to have; nothing in the image belongs to it.
# /data is for SESSION_STORE; a volume that is put there takes over its owner.
RUN useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin dingbridge \
    && install --directory --owner=10001 --mode=700 /data
COPY --from=libraries /venv /venv
WORKDIR /app
COPY *.py ./
COPY backends/ backends/
COPY demo/ demo/
COPY dify/ dify/
COPY handlers/ handlers/
COPY ops/ ops/
# A few files more, so that `python app.py demo --say 你好` proves an image before it has any account.
COPY sandbox/ sandbox/
COPY stores/ stores/
# /app is never written to, by Python neither; what the bridge writes is its heartbeat, and what SESSION_STORE names.
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HEARTBEAT_FILE=/tmp/dingbridge.json
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s --retries=3 CMD ["python", "app.py", "ready"]
# No shell around it: SIGTERM must reach Python, which lets answers finish before it leaves.
CMD ["python", "app.py"]
