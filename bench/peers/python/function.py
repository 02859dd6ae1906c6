"""The get of a client in Python, the usual way."""

import datetime
import hashlib
import http.client
import json
import os
import re

import boto3

# boto3 has no setting of its own for the authority that the bench makes but this variable, which it reads itself.
database = boto3.resource("dynamodb")
clients = database.Table(os.environ["CLIENTS_TABLE"])
api_keys = database.Table(os.environ["API_KEYS_TABLE"])


def answer(status, body):
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body, default=str)}


def timestamp(time):
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03}Z"


def handler(event):
    token = re.fullmatch("Bearer (ba_[0-9a-f]{40})", event["headers"].get("authorization", ""))
    if not token:
        return answer(401, {"code": "unauthorized"})
    key_hash = hashlib.sha256(token[1].encode()).hexdigest()
    key = api_keys.get_item(Key={"keyHash": key_hash}, ConsistentRead=True).get("Item")
    now = datetime.datetime.now(datetime.timezone.utc)
    if not key or "revokedAt" in key or key["expiresAt"] <= timestamp(now):
        return answer(401, {"code": "unauthorized"})
    identifier = event["pathParameters"]["id"]
    client = clients.get_item(Key={"orgId": key["orgId"], "id": identifier}, ConsistentRead=True).get("Item")
    if key.get("lastUsedAt", "") < timestamp(now - datetime.timedelta(minutes=1)):
        api_keys.update_item(
            Key={"keyHash": key_hash},
            UpdateExpression="SET lastUsedAt = :now",
            ExpressionAttributeValues={":now": timestamp(now)},
        )
    if not client or "deletedAt" in client:
        return answer(404, {"code": "not_found"})
    return answer(200, {"data": {"id": client["id"], **client["listed"], "updatedAt": client["updatedAt"]}})


# The platform's loop, in short.
connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])


def call(method, path, body=None):
    connection.request(method, f"/2018-06-01/runtime{path}", body)
    response = connection.getresponse()
    return response.headers, response.read()


while True:
    headers, body = call("GET", "/invocation/next")
    request_id = headers["lambda-runtime-aws-request-id"]
    try:
        result = handler(json.loads(body))
        call("POST", f"/invocation/{request_id}/response", json.dumps(result))
    except Exception as error:  # The platform reports any.
        call("POST", f"/invocation/{request_id}/error", json.dumps({"errorMessage": str(error)}))
