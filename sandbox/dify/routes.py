"""Where the embedded Dify answers: API under /v1, signed files under /files, control under /sandbox/dify."""

from aiohttp import web

from sandbox.dify import about, conversations, files, generate
from sandbox.dify.apps import App
from sandbox.dify.call import Service, endpoint
from sandbox.dify.control import add_control_routes
from sandbox.faults import Faults
from sandbox.keyed import Keyed
from sandbox.keyring import Keyring
from sandbox.records import Records


def add_routes(app: web.Application, records: Records, faults: Faults, keyring: Keyring) -> None:
    """Give an aiohttp application a Dify; answers under way when it shuts down are broken off."""
    service = Service(records, faults, Keyed[App](keyring, "apps"))
    for path in ("/v1", "/v1/"):
        app.router.add_get(path, about.index(service))
    posts = {
        "/v1/chat-messages": generate.chat_messages,
        "/v1/completion-messages": generate.completion_messages,
        "/v1/workflows/run": generate.run_workflow,
        "/v1/workflows/{workflow_id}/run": generate.run_workflow,
        "/v1/chat-messages/{task_id}/stop": generate.stop,
        "/v1/completion-messages/{task_id}/stop": generate.stop,
        "/v1/workflows/tasks/{task_id}/stop": generate.stop,
        "/v1/messages/{message_id}/feedbacks": conversations.feedback,
        "/v1/conversations/{conversation_id}/name": conversations.rename,
    }
    gets = {
        "/v1/workflows/run/{run_id}": conversations.run_detail,
        "/v1/messages": conversations.messages,
        "/v1/messages/{message_id}/suggested": conversations.suggested,
        "/v1/conversations": conversations.conversations,
        "/v1/info": about.about,
        "/v1/parameters": about.parameters,
        "/v1/meta": about.meta,
    }
    for path, handler in posts.items():
        app.router.add_post(path, endpoint(service, handler, reads_json=True))
    for path, handler in gets.items():
        app.router.add_get(path, endpoint(service, handler, reads_json=False), allow_head=False)
    one_conversation = "/v1/conversations/{conversation_id}"
    app.router.add_delete(one_conversation, endpoint(service, conversations.delete, reads_json=True))
    app.router.add_post("/v1/files/upload", endpoint(service, files.upload, reads_json=False))
    app.router.add_get(r"/files/tools/{file_id}.{extension:\w+}", files.serve(service))
    app.router.add_get("/files/{file_id}/file-preview", files.serve(service))
    app.router.add_route("*", "/v1/{rest:.*}", about.nothing(service))
    add_control_routes(app, service)

    async def close(_: web.Application) -> None:
        await service.close()

    app.on_shutdown.append(close)
