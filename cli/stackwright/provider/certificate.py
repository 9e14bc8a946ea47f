"""A certificate for one run of the provider as a plugin. Hosted by a command it needs none: its socket is private."""

from __future__ import annotations

import datetime

from stackwright.errors import Diagnostic, StackError


def self_signed() -> tuple[bytes, bytes, bytes]:
    """A fresh key (PEM) and its certificate for `localhost` (PEM and DER), good for a day."""
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ModuleNotFoundError:
        raise StackError(
            Diagnostic(
                "E003",
                "no library for certificates",
                "Terraform asks its plugins for a certificate, and Python's standard library cannot make one.",
                hint='install the extra with\n    pip install "stackwright[ejected]"\n'
                "or, on a machine of your own, do without encryption on the plugin's socket\n"
                "    export TF_DISABLE_PLUGIN_TLS=1",
            )
        ) from None
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    return (
        pem,
        certificate.public_bytes(serialization.Encoding.PEM),
        certificate.public_bytes(serialization.Encoding.DER),
    )
