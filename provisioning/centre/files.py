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

    # A whole USB stick, from those who may bring one: the pages are asked before a byte of it is taken from anybody.
    location = /sticks/bring {
        auth_request /sticks/may;
        client_max_body_size 256m;
        client_body_timeout 60s;
        proxy_pass http://127.0.0.1:8090;
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto https;
        proxy_read_timeout 600s;
    }

    location = /sticks/may {
        internal;
        client_max_body_size 256m;  # nginx holds the question to the body's length too, though it sends none
        proxy_pass http://127.0.0.1:8090;
        proxy_pass_request_body off;
        proxy_set_header Content-Length "";
        proxy_set_header Sec-Fetch-Mode cors;  # 401 for a stranger, not the way to the log-in
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto https;
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

SHELF = """# Releases for kiosks, to whoever has a certificate of this centre. Made by `siperlu centre install`.
# The list of revoked ones is not asked: a release is no secret, and nginx would want a list of the root's as well.
limit_conn_zone $ssl_client_s_dn zone=siperlu_shelf:1m;

server {
    listen @PORT@ ssl;
    listen [::]:@PORT@ ssl;
    server_name @HOSTS@;

    ssl_certificate @SERVED@/server.pages.crt;
    ssl_certificate_key @KEYS@/server.pages.key;
    ssl_client_certificate @SERVED@/ca.crt;
    ssl_verify_client on;
    ssl_verify_depth 2;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_tickets off;

    client_max_body_size 1k;
    client_body_timeout 10s;
    client_header_timeout 15s;
    root @SHELF@;

    location / {
        return 404;
    }

    location ~ ^/siperlu-[0-9a-z.]+[.]tar$ {
        limit_except GET { deny all; }
        limit_conn siperlu_shelf 2;
        limit_rate 4m;
    }
}
"""
