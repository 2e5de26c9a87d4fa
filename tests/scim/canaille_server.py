"""Runs Canaille, in an environment of its own: `python canaille_server.py PORT TOKEN`."""

import sys
from datetime import UTC, datetime

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend

port, token = int(sys.argv[1]), sys.argv[2]
app = create_app(
    {
        "SECRET_KEY": "of-a-test-alone",
        "SERVER_NAME": f"127.0.0.1:{port}",
        "PREFERRED_URL_SCHEME": "http",
        "CANAILLE": {"DATABASE": "memory", "FORCE_HTTPS": False},
        "CANAILLE_SCIM": {},
        "CANAILLE_OIDC": {},
    }
)
with app.app_context():
    client = models.Client(
        client_id="hub", client_name="hub", client_id_issued_at=datetime.now(UTC)
    )
    Backend.instance.save(client)
    access = models.Token(
        token_id="hub", access_token=token, client=client, type="Bearer", scope=["openid"],
        issue_date=datetime.now(UTC), lifetime=86_400,
    )  # fmt: skip
    Backend.instance.save(access)
app.run(host="127.0.0.1", port=port)
