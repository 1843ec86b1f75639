"""The floor: a bare `grpc.aio` server with mTLS that, for the same bytes, parses hardened, verifies one XML
signature
with libxmlsec, hashes SHA-256, and answers. No store, no evidence.

    python -m benchmarks.floor --certificate … --key … --ca …      prints `listening on HOST:PORT`
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import xmlsec
from lxml import etree

from axis.v1 import submission_pb2, submission_pb2_grpc, types_pb2

PARSER_OPTIONS = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}


def verify(package: bytes) -> str:
    """Parses, verifies with the certificate inside, hashes."""
    root = etree.fromstring(package, etree.XMLParser(**PARSER_OPTIONS))
    signature = xmlsec.tree.find_node(root, xmlsec.constants.NodeSignature)
    pem = signature.find(".//{http://www.w3.org/2000/09/xmldsig#}X509Certificate").text
    armour = f"-----BEGIN CERTIFICATE-----\n{pem}\n-----END CERTIFICATE-----\n".encode()
    context = xmlsec.SignatureContext()
    for node in signature.iter("{http://uri.etsi.org/01903/v1.3.2#}SignedProperties"):
        context.register_id(node, "Id")
    context.key = xmlsec.Key.from_memory(armour, xmlsec.constants.KeyDataFormatCertPem)
    context.verify(signature)
    return hashlib.sha256(package).hexdigest()


class Floor(submission_pb2_grpc.SubmissionServiceServicer):
    def __init__(self, workers: ThreadPoolExecutor) -> None:
        self.workers = workers

    async def Submit(
        self, request: submission_pb2.SubmitRequest, context: object
    ) -> submission_pb2.SubmitResponse:
        loop = asyncio.get_running_loop()
        digest = await loop.run_in_executor(self.workers, verify, request.package)
        return submission_pb2.SubmitResponse(dispatch=types_pb2.Dispatch(dispatch_id=digest))


async def serve(certificate: Path, key: Path, ca: Path) -> None:
    with ThreadPoolExecutor(2) as workers:
        server = grpc.aio.server(options=[("grpc.max_receive_message_length", 64 << 20)])
        submission_pb2_grpc.add_SubmissionServiceServicer_to_server(Floor(workers), server)
        credentials = grpc.ssl_server_credentials(
            [(key.read_bytes(), certificate.read_bytes())], ca.read_bytes(), require_client_auth=True
        )
        port = server.add_secure_port("127.0.0.1:0", credentials)
        await server.start()
        print(f"listening on 127.0.0.1:{port}", flush=True)
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        await stop.wait()
        await server.stop(1)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    for name in ("--certificate", "--key", "--ca"):
        arguments.add_argument(name, type=Path, required=True)
    given = arguments.parse_args()
    try:
        import uvloop
    except ImportError:
        asyncio.run(serve(given.certificate, given.key, given.ca))
    else:
        uvloop.run(serve(given.certificate, given.key, given.ca))


if __name__ == "__main__":
    main()
