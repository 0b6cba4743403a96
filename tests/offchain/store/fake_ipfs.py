"""As much of an IPFS node's RPC interface as the block store uses, in memory."""

from __future__ import annotations

from aiohttp import web

from lilypad.store.cid import Cid, Codec

_CODECS = {"raw": Codec.RAW, "dag-pb": Codec.DAG_PB}


class FakeIpfs:
    def __init__(self) -> None:
        self.blocks: dict[str, bytes] = {}
        self.pinned: set[str] = set()

    def app(self) -> web.Application:
        app = web.Application(client_max_size=4 << 20)
        for command in ("block/put", "block/get", "block/stat", "block/rm", "pin/add", "pin/rm", "pin/ls"):
            app.router.add_post(f"/api/v0/{command}", getattr(self, command.replace("/", "_")))
        return app

    async def block_put(self, request: web.Request) -> web.Response:
        form = await request.post()
        field = form["data"]
        assert isinstance(field, web.FileField)
        data = field.file.read()
        key = str(Cid.of(_CODECS[request.query["cid-codec"]], data))
        self.blocks[key] = data
        return web.json_response({"Key": key, "Size": len(data)})

    async def block_get(self, request: web.Request) -> web.Response:
        return web.Response(body=self._block(request))

    async def block_stat(self, request: web.Request) -> web.Response:
        return web.json_response({"Key": request.query["arg"], "Size": len(self._block(request))})

    async def block_rm(self, request: web.Request) -> web.Response:
        self.blocks.pop(request.query["arg"], None)
        return web.Response()

    async def pin_add(self, request: web.Request) -> web.Response:
        self._block(request)
        self.pinned.add(request.query["arg"])
        return web.json_response({"Pins": [request.query["arg"]]})

    async def pin_rm(self, request: web.Request) -> web.Response:
        self.pinned.remove(request.query["arg"])
        return web.json_response({"Pins": [request.query["arg"]]})

    async def pin_ls(self, request: web.Request) -> web.Response:
        others = ["QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn"]
        return web.json_response({"Keys": {key: {"Type": "recursive"} for key in [*self.pinned, *others]}})

    def _block(self, request: web.Request) -> bytes:
        try:
            return self.blocks[request.query["arg"]]
        except KeyError:
            raise web.HTTPInternalServerError(text='{"Message":"block was not found locally"}') from None
