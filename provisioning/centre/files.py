"""Texts of the files that the centre's host gets."""

from __future__ import annotations

SETTINGS = """# Made by `siperlu centre install`, yours from then on: all keys are in docs/settings.md.
[store]
url = "postgresql+psycopg:///siperlu?host=/run/postgresql"

[authority]
host = "{host}"
port = {port}

[web]
origin = "https://{host}"

[reports]
regency = "{regency}"
place = "{place}"
"""

MOSQUITTO = """[Unit]
StartLimitIntervalSec=0
# Thousands of kiosks are thousands of files; a broker that ends is started again.
[Service]
LimitNOFILE=20000
Restart=always
RestartSec=2
"""

FRONT = """# TLS before the pages. Made by `siperlu centre install`: for a certificate that browsers know already, change the two
# ssl_certificate lines in a file of your own and remove this one.
limit_req_zone $binary_remote_addr zone=siperlu_register:1m rate=2r/s;
server_tokens off;

server {
    listen 80 default_server;
    listen [::]:80 default_server;
    return 301 https://$host$request_uri;
}

server {
    listen 443 ssl http2 default_server;
    listen [::]:443 ssl http2 default_server;
    server_name @HOSTS@;

    ssl_certificate @SERVED@/server.pages.crt;
    ssl_certificate_key @KEYS@/server.pages.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_tickets off;

    client_max_body_size 16m;
    client_body_timeout 30s;
    client_header_timeout 15s;

    location / {
        proxy_pass http://127.0.0.1:8090;
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto https;
        proxy_read_timeout 60s;
    }

    location = /api/v1/register {
        limit_req zone=siperlu_register burst=20;
        client_max_body_size 64k;
        proxy_pass http://127.0.0.1:8090;
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto https;
    }
}
"""
