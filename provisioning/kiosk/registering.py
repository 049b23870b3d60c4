"""Introducing a kiosk to the centre: keys are made on it, and only their public halves leave it."""

from __future__ import annotations

import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass

from provisioning.errors import StepFailed
from provisioning.kiosk.software import PROGRAM
from provisioning.kiosk.wish import Wish
from provisioning.shell import Shell, must
from provisioning.steps import File, Files
from wire.errors import WireError
from wire.jwks import KEY_SET, readable
from wire.registration import (
    MAX_REQUEST_BYTES,
    PATH,
    REGISTRATION_ANSWER,
    REGISTRATION_REFUSAL,
    REGISTRATION_REQUEST,
    RegistrationAnswer,
    RegistrationRequest,
    read_claim,
)

ANSWER = "/etc/siperlu/registration.json"
KEY = "/etc/siperlu/kiosk.key"
LIMIT_S = 20.0
TRIES = 4
PAUSE_S = 5.0
SYNC_TMPFILES = "systemd-tmpfiles --create /etc/tmpfiles.d/siperlu-kiosk.conf"
_SAME_KEY = """
test -f "$1" && test -f /etc/siperlu/kiosk.crt || exit 1
want=$(openssl pkey -in "$1" -pubout 2>/dev/null | sha256sum); have=$(openssl x509 -in /etc/siperlu/kiosk.crt -noout -pubkey 2>/dev/null | sha256sum)
test "$want" = "$have" && openssl x509 -in /etc/siperlu/kiosk.crt -noout -checkend 0 >/dev/null
"""


@dataclass(frozen=True, slots=True)
class Registration:
    """The kiosk is known at the centre, and has its certificate and whom to believe."""

    wish: Wish
    name: str = "registration"
    mend: str = "Make a claim with `siperlu collector kiosks claim`, check --centre, then run this again: a claim that was answered is answered again."

    def done(self, shell: Shell) -> bool:
        """Whether it has an answer for this name, and a certificate of its key that has not ended.

        The certificate need not be the answer's own: by and by it is renewed over the connection.
        """
        answer = answer_on(shell)
        if answer is None or answer.kiosk.id != self.wish.id or answer.kiosk.unit != self.wish.unit:
            return False
        return shell.run(_SAME_KEY, KEY).code == 0 and _files(_beliefs(answer)).done(shell)

    def do(self, shell: Shell) -> None:
        """Have keys and request made there, ask the centre here, put the answer there."""
        if not self.wish.claim:
            raise StepFailed(f"{self.wish.id} is not registered, and no claim code was given")
        naming = self.wish.toml()
        keys = must(shell, f"{PROGRAM} kiosk keys --config /dev/stdin", given=naming)
        csr = must(shell, f"{PROGRAM} kiosk csr --config /dev/stdin", given=naming)
        try:
            asked = RegistrationRequest(claim=read_claim(self.wish.claim), keys=KEY_SET.decode(keys), csr=csr)
        except WireError as error:
            raise StepFailed(f"what the kiosk says of its keys cannot be read: {error}") from error
        answer = ask(self.wish, asked)
        certificate = File("/etc/siperlu/kiosk.crt", answer.certificate.encode())
        _files([certificate, *_beliefs(answer)]).do(shell)


def answer_on(shell: Shell) -> RegistrationAnswer | None:
    """The centre's answer that a machine holds, None when it holds none that can be read."""
    found = shell.run('cat "$1" 2>/dev/null', ANSWER)
    if found.code:
        return None
    try:
        return REGISTRATION_ANSWER.decode(found.out)
    except WireError:
        return None


def ask(wish: Wish, asked: RegistrationRequest) -> RegistrationAnswer:
    """The centre's answer; asked again while it cannot answer now. Raises StepFailed."""
    body = REGISTRATION_REQUEST.encode(asked)
    context = ssl.create_default_context(cafile=str(wish.centre_ca) if wish.centre_ca else None)
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE_S)
        request = urllib.request.Request(  # noqa: S310 - the wish's check lets http and https through alone
            wish.centre.rstrip("/") + PATH, body, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=LIMIT_S, context=context) as response:  # noqa: S310
                return REGISTRATION_ANSWER.decode(response.read(4 * MAX_REQUEST_BYTES))
        except urllib.error.HTTPError as error:
            if error.code != 503 or attempt == TRIES - 1:
                raise StepFailed(f"the centre refuses: {_told(error)}") from error
        except (OSError, WireError) as error:
            raise StepFailed(f"the centre at {wish.centre} does not answer as one: {error}") from error
    raise StepFailed(f"the centre at {wish.centre} cannot answer now")


def _told(error: urllib.error.HTTPError) -> str:
    try:
        return REGISTRATION_REFUSAL.decode(error.read(MAX_REQUEST_BYTES)).text
    except (OSError, WireError):
        return f"HTTP status {error.code}"


def _files(files: Sequence[File]) -> Files:
    """What a kiosk keeps of the answer, where its settings look for it."""
    return Files("registration", "", files, after=SYNC_TMPFILES)


def _beliefs(answer: RegistrationAnswer) -> list[File]:
    """Whom it believes, and the answer itself, which says last that all is there."""
    return [
        File("/etc/siperlu/ca.crt", answer.ca.encode()),
        File("/etc/siperlu/centre.json", readable(answer.centre_keys).encode()),
        File(ANSWER, REGISTRATION_ANSWER.encode(answer)),
    ]
