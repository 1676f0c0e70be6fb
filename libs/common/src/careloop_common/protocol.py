"""HTTP as uvicorn parses it, except that bytes which are no HTTP get a problem document too."""

import json

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from careloop_common.problems import DOCS, MEDIA_TYPE

CODE = "malformed_request"


class ProblemProtocol(HttpToolsProtocol):
    """Answers what the parser refuses: unknown methods, broken request lines, bad chunks."""

    def send_400_response(self, msg: str) -> None:
        """Tell the client in the form of every other failure, and close: what follows cannot be framed."""
        body = json.dumps(
            {
                "type": f"{DOCS}{CODE}",
                "title": "Malformed request",
                "status": 400,
                "detail": msg,
                "instance": "",
                "code": CODE,
                "trace_id": None,
            }
        ).encode()
        head = f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[400] + head.encode() + body)
        self.transport.close()
