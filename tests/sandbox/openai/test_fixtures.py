"""The fixtures for bots that ask another AI than Dify."""

import requests

from sandbox.client import SandboxClient
from sandbox.testbed import CodeBuddyAgent, OpenAiGateway
from tests.sandbox.openai.caller import SECONDS


def test_a_gateway_is_there_for_bots_that_ask_one(openai_gateway: OpenAiGateway, dingtalk_sandbox: SandboxClient) -> None:
    """Its key opens it and has its model; the key is in no representation."""
    headers = {"Authorization": f"Bearer {openai_gateway.api_key}"}
    listed = requests.get(f"{openai_gateway.url}/models", headers=headers, timeout=SECONDS).json()["data"]
    assert [each["id"] for each in listed] == [openai_gateway.model]
    assert openai_gateway.name in {each["name"] for each in dingtalk_sandbox.openai_gateways()}
    assert openai_gateway.api_key not in repr(openai_gateway)


def test_an_agent_is_there_for_bots_that_ask_codebuddy(
    codebuddy_agent: CodeBuddyAgent, dingtalk_sandbox: SandboxClient
) -> None:
    """Its token opens it; the token is in no representation."""
    headers = {"Authorization": f"Bearer {codebuddy_agent.token}"}
    body = {"prompt": "你好", "print": True}
    assert requests.post(codebuddy_agent.url, json=body, headers=headers, timeout=SECONDS).ok
    assert dingtalk_sandbox.codebuddy_requests(codebuddy_agent.name)[0]["prompt"] == "你好"
    assert codebuddy_agent.token not in repr(codebuddy_agent)
