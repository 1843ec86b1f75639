// One agency sends, the other receives, both from Node.js; what was seen goes to standard output as one JSON object.
//
// Usage: node client.mjs '{"address", "protos": [...], "sender": DIR, "recipient": DIR, "package": FILE,
//                          "attachment": FILE, "tampered": FILE, "misdirected": FILE}'
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";
import protobuf from "protobufjs";

const task = JSON.parse(process.argv[2]);
const services = ["submission", "inbox", "records", "directory"].map((name) => `axis/v1/${name}.proto`);
const options = { includeDirs: task.protos, keepCase: true, longs: Number, enums: String, oneofs: true };
const { axis } = grpc.loadPackageDefinition(loader.loadSync(services, options));
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

function connect(profile) {
  const [ca, key, certificate] = ["ca.pem", "system.key", "system.pem"].map((name) => readFileSync(join(profile, name)));
  const credentials = grpc.credentials.createSsl(ca, key, certificate);
  const open = (Service) => new Service(task.address, credentials);
  const { SubmissionService, InboxService, RecordService, DirectoryService } = axis.v1;
  return {
    submission: open(SubmissionService),
    inbox: open(InboxService),
    records: open(RecordService),
    directory: open(DirectoryService),
  };
}

const call = (client, method, request) =>
  new Promise((resolve, reject) =>
    client[method](request, (error, answer) => (error ? reject(error) : resolve(answer))),
  );

function upload(client, content) {
  return new Promise((resolve, reject) => {
    const stream = client.Upload((error, answer) => (error ? reject(error) : resolve(answer)));
    stream.write({ header: { sha256: sha256(content), size: content.length, offset: 0 } });
    for (let start = 0; start < content.length; start += 1 << 20) {
      stream.write({ chunk: content.subarray(start, start + (1 << 20)) });
    }
    stream.end();
  });
}

async function fetched(client, dispatch_id, number) {
  const hash = createHash("sha256");
  for await (const { chunk } of client.FetchPart({ dispatch_id, number, offset: 0 })) hash.update(chunk);
  return hash.digest("hex");
}

async function firstWatched(client) {
  const stream = client.WatchInbox({});
  stream.on("error", () => {}); // cancelled below
  for await (const { item } of stream) {
    stream.cancel();
    return item;
  }
}

// Reads google.rpc.Status from the trailers, as docs/errors.md describes it.
function told(error) {
  const root = new protobuf.Root();
  root.resolvePath = (_, target) =>
    task.protos.map((base) => join(base, target)).find((path) => {
      try {
        return readFileSync(path);
      } catch {
        return false;
      }
    });
  root.loadSync(["google/rpc/status.proto", "google/rpc/error_details.proto", "axis/v1/errors.proto"]);
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  const details = root.lookupType("google.rpc.Status").decode(bytes).details;
  const found = (type) =>
    details.filter((one) => one.type_url.endsWith(`/${type}`)).map((one) => root.lookupType(type).decode(one.value));
  const [info] = found("google.rpc.ErrorInfo");
  return {
    code: error.code,
    reason: info.reason,
    sentences: Object.fromEntries(found("google.rpc.LocalizedMessage").map((one) => [one.locale, one.message])),
    evidence: Buffer.from(found("axis.v1.Refusal")[0].evidence.content).toString("base64"),
  };
}

const sender = connect(task.sender);
const recipient = connect(task.recipient);
const { agency, role } = await call(sender.directory, "WhoAmI", {});
const uploaded = await upload(sender.submission, readFileSync(task.attachment));
const request = { package: readFileSync(task.package) };
const sent = await call(sender.submission, "Submit", request);
const again = await call(sender.submission, "Submit", request);
const watched = await firstWatched(recipient.inbox);
const { dispatch_id, parts } = watched.dispatch;
const digests = [];
for (const { number } of parts) digests.push(await fetched(recipient.inbox, dispatch_id, number));
const status = await call(recipient.records, "GetStatus", { dispatch_id });

// Every page of a list; `next` of one is `after` of the following.
async function all(client, method, name, request) {
  const items = [];
  for (let after = "", more = true; more; ) {
    const page = await call(client, method, { ...request, after, page_size: 1 });
    items.push(...page[name]);
    ({ next: after, more } = page);
  }
  return items;
}

const history = await all(recipient.records, "ListEvents", "events", { dispatch_id });
const records = await all(sender.records, "ListEvidence", "records", { dispatch_id });
const deliveries = await all(sender.records, "ListDeliveries", "deliveries", { dispatch_id });
const refused = await call(sender.submission, "Submit", { package: readFileSync(task.tampered) }).catch(told);
const misdirected = await call(sender.submission, "Submit", { package: readFileSync(task.misdirected) }).catch(told);

console.log(
  JSON.stringify({
    agency_id: agency.agency_id,
    role,
    uploaded: uploaded.complete,
    events: sent.evidence.map((one) => one.event),
    same_evidence: sent.evidence.every((one, place) => one.content.equals(again.evidence[place].content)),
    evidence: sent.evidence.map((one) => one.content.toString("base64")),
    state: watched.delivery.state,
    named: parts.map((part) => part.sha256),
    digests,
    counts: status.counts,
    own: status.delivery.recipient_id,
    history: history.map((event) => event.kind),
    records: records.map((one) => one[one.record].event),
    deliveries: deliveries.map((one) => [one.recipient_id, one.state]),
    refused,
    misdirected,
  }),
);
for (const one of [sender, recipient]) Object.values(one).forEach((client) => client.close());
