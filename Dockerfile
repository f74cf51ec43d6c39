# The hub, as a user of its own. Its data folder is a volume; nothing secret is in the image.
FROM python:3.11-slim

WORKDIR /app
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY hub hub
COPY adapters adapters
COPY consent consent
COPY mappings mappings
COPY schemas schemas
RUN pip install --no-cache-dir --constraint constraints.txt . \
    && useradd --uid 1000 --home-dir /data --no-create-home hub \
    && install --directory --mode=0700 --owner=hub /data /passwords /passwords/store /passwords/kafka
USER hub
ENV HUB_DIR=/data
VOLUME /data
ENTRYPOINT ["hub"]
CMD ["work"]
