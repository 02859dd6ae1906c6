// The get of a client in Node.js, the usual way.
import { createHash } from "node:crypto";
import http from "node:http";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";

const db = DynamoDBDocumentClient.from(new DynamoDBClient({}));
const { CLIENTS_TABLE, API_KEYS_TABLE } = process.env;

const answer = (statusCode, body) => ({
  statusCode,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

async function noteUse(key) {
  const now = new Date();
  const stale = new Date(now - 60_000).toISOString();
  if (key.lastUsedAt >= stale) return;
  await db.send(
    new UpdateCommand({
      TableName: API_KEYS_TABLE,
      Key: { keyHash: key.keyHash },
      UpdateExpression: "SET lastUsedAt = :now",
      ExpressionAttributeValues: { ":now": now.toISOString() },
    }),
  );
}

async function handler(event) {
  const token = /^Bearer (ba_[0-9a-f]{40})$/.exec(event.headers.authorization ?? "")?.[1];
  if (!token) return answer(401, { code: "unauthorized" });
  const keyHash = createHash("sha256").update(token).digest("hex");
  const key = await db.send(
    new GetCommand({ TableName: API_KEYS_TABLE, Key: { keyHash }, ConsistentRead: true }),
  );
  const now = new Date().toISOString();
  if (!key.Item || key.Item.revokedAt || key.Item.expiresAt <= now) return answer(401, { code: "unauthorized" });
  const [client] = await Promise.all([
    db.send(
      new GetCommand({
        TableName: CLIENTS_TABLE,
        Key: { orgId: key.Item.orgId, id: event.pathParameters.id },
        ConsistentRead: true,
      }),
    ),
    noteUse(key.Item),
  ]);
  if (!client.Item || client.Item.deletedAt) return answer(404, { code: "not_found" });
  return answer(200, { data: { id: client.Item.id, ...client.Item.listed, updatedAt: client.Item.updatedAt } });
}

// The platform's loop, in short.
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, method, agent, path: `/2018-06-01/runtime${path}` }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

for (;;) {
  const next = await call("GET", "/invocation/next");
  const id = next.headers["lambda-runtime-aws-request-id"];
  try {
    const result = await handler(JSON.parse(next.body));
    await call("POST", `/invocation/${id}/response`, JSON.stringify(result));
  } catch (error) {
    await call("POST", `/invocation/${id}/error`, JSON.stringify({ errorMessage: String(error) }));
  }
}
