# One image for api, worker and beat: `archive serve`, `archive worker`, `archive beat`.
FROM python:3.11-slim-bookworm AS build
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 VIRTUAL_ENV=/opt/archive
RUN pip install --no-cache-dir uv==0.13.9 && uv venv "$VIRTUAL_ENV"
WORKDIR /src
COPY pyproject.toml requirements.lock README.md ./
COPY archive_service archive_service
COPY ingest ingest
COPY preservation preservation
COPY search search
COPY retention retention
# The lock also pins what only tests need: as a constraint it gives versions and digests, and nothing more is installed.
RUN uv pip install --no-cache --verify-hashes --constraint requirements.lock --build-constraint requirements.lock .

FROM python:3.11-slim-bookworm
ENV PATH=/opt/archive/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    ARCHIVE_DATA=/var/lib/archive TMPDIR=/tmp
# pg_dump and pg_restore of the server's major version (compose runs 15): backups are made and tried with them.
RUN apt-get update \
    && apt-get install -y --no-install-recommends postgresql-client-15=15.* \
    && rm -rf /var/lib/apt/lists/*
# New volumes take the owner of the folders that they cover.
RUN groupadd --gid 10001 archive \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/archive --shell /usr/sbin/nologin archive \
    && install -d -o archive -g archive -m 0750 /var/lib/archive /var/lib/archive-storage
COPY --from=build /opt/archive /opt/archive
USER 10001:10001
WORKDIR /var/lib/archive
EXPOSE 8000
ENTRYPOINT ["archive"]
CMD ["serve"]
