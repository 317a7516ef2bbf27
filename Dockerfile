# Build and run:
#   docker build --tag finalnet . && docker run --publish 7860:7860 finalnet
FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1
WORKDIR /app

# Copied first, so that code changes reuse the installed layer.
COPY requirements-app.txt ./
RUN pip install --no-cache-dir --requirement requirements-app.txt

COPY app.py LICENSE README.md ./
COPY finalnet finalnet
COPY checkpoints checkpoints

# An unprivileged user that can write only to its home and /tmp, not to the code.
RUN useradd --create-home --uid 1000 visitor
USER visitor

EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:7860/healthz', timeout=4)"]
CMD ["python", "app.py", "--host", "0.0.0.0", "--port", "7860"]
