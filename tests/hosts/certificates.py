# Certificates for the hosts, made with openssl.
# SPDX-License-Identifier: MIT
import pathlib

import lab

FOLDER = "/etc/pgbackrest/cert"


class Authority:
    """A certificate authority; every host gets a certificate with its name."""

    def __init__(self, directory, name="town authority"):
        self.dir = pathlib.Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                     "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-days", "30",
                     "-subj", f"/CN={name}")
        (self.dir / "serial").write_text("1000\n")
        (self.dir / "index").write_text("")
        (self.dir / "ca.conf").write_text(
            "[ca]\ndefault_ca=own\n[own]\ndatabase=index\nserial=serial\nnew_certs_dir=.\n"
            "certificate=ca.crt\nprivate_key=ca.key\ndefault_md=sha256\npolicy=any\n"
            "copy_extensions=copy\nunique_subject=no\ndefault_crl_days=30\n"
            "[any]\ncommonName=supplied\n")

    def openssl(self, *words):
        return lab.run(["openssl", *words], cwd=self.dir)

    def issue(self, host, file=None, start="20200101000000Z", end="20991231000000Z"):
        """Makes `file`.crt and `file`.key for a host (default: the host's name)."""
        file = file or host
        self.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-keyout", f"{file}.key", "-out", f"{file}.csr", "-subj", f"/CN={host}",
                     "-addext", f"subjectAltName=DNS:{host}")
        self.openssl("ca", "-batch", "-notext", "-config", "ca.conf", "-in", f"{file}.csr",
                     "-out", f"{file}.crt", "-startdate", start, "-enddate", end)

    def hand_out(self, town, host, user):
        """Issues a certificate for the host and puts it there with key and authority."""
        self.issue(host)
        self.put(town, host, user, "ca.crt", "ca.crt", 644)
        self.put(town, host, user, f"{host}.crt", f"{host}.crt", 644)
        self.put(town, host, user, f"{host}.key", f"{host}.key", 600)

    def put(self, town, host, user, file, name, mode):
        town.write(host, f"{FOLDER}/{name}", (self.dir / file).read_bytes(), f"{user}:{mode}")
