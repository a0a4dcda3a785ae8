// A ministry's application in TypeScript: signs in with its key, files a document, watches, reads
// the details of an error. Each step prints one line; any difference ends with exit code 1.
import * as grpc from '@grpc/grpc-js';
import * as loader from '@grpc/proto-loader';
import { createHash, createPrivateKey, randomBytes, randomUUID, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { Readable } from 'node:stream';
import * as protobuf from 'protobufjs';

interface Settings {
  protos: string;
  targets: Record<string, string>;
  tenant: string;
  serviceAccount: string;
  keyId: string;
  keyFile: string;
}

type Call = (request: unknown, metadata: grpc.Metadata, options: grpc.CallOptions,
             done: (error: grpc.ServiceError | null, answer: any) => void) => grpc.ClientUnaryCall;

const settings: Settings = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const googleProtos = path.dirname(require.resolve('google-proto-files/package.json'));
const definition = loader.loadSync(
  ['identity/v1/authentication', 'identity/v1/access', 'efile/v1/dossier', 'efile/v1/document',
   'efile/v1/upload', 'events/v1/events'].map((file) => `sockel/${file}.proto`),
  { includeDirs: [settings.protos, googleProtos], longs: Number, enums: String, defaults: true,
    oneofs: true });
const api = grpc.loadPackageDefinition(definition) as any;
let token = '';

function metadata(): grpc.Metadata {
  const found = new grpc.Metadata();
  if (token) found.set('authorization', `Bearer ${token}`);
  return found;
}

function stub(service: string, type: any): any {
  return new type(settings.targets[service], grpc.credentials.createInsecure());
}

function call(client: any, method: string, request: unknown): Promise<any> {
  return new Promise((resolve, reject) => {
    const unary: Call = client[method].bind(client);
    unary(request, metadata(), { deadline: Date.now() + 20_000 },
          (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

function expect(condition: boolean, what: string): void {
  if (!condition) throw new Error(`expected: ${what}`);
}

function step(name: string): void {
  console.log(`ok ${name}`);
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

// private_key_jwt, RFC 7523.
function assertion(): string {
  const now = Math.floor(Date.now() / 1000);
  const text = `${encode({ alg: 'ES256', typ: 'JWT', kid: settings.keyId })}.${encode({
    iss: settings.serviceAccount, sub: settings.serviceAccount, aud: 'sockel-identity',
    iat: now, exp: now + 120, jti: randomUUID() })}`;
  const key = createPrivateKey(readFileSync(settings.keyFile));
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' })
    .toString('base64url')}`;
}

async function signIn(): Promise<void> {
  const authentication = stub('identity', api.sockel.identity.v1.AuthenticationService);
  token = (await call(authentication, 'IssueServiceToken', { clientAssertion: assertion() }))
    .accessToken;
  const me = await call(stub('identity', api.sockel.identity.v1.AccessService), 'WhoAmI', {});
  expect(me.principal === settings.serviceAccount, 'to be the service account');
  step('sign in');
}

// The messages of AppendUpload: the first says where its data belongs, the others go on from there.
function* chunks(name: string, content: Buffer): Generator<object> {
  for (let start = 0; start < content.length; start += 262_144) {
    const data = content.subarray(start, start + 262_144);
    yield start === 0 ? { name, offset: 0, data } : { data };
  }
}

function append(uploads: any, name: string, content: Buffer): Promise<any> {
  return new Promise((resolve, reject) => {
    const stream = uploads.AppendUpload(metadata(), { deadline: Date.now() + 20_000 },
      (error: grpc.ServiceError | null, answer: any) => (error ? reject(error) : resolve(answer)));
    // Makes the next message when the server has taken the ones before it: what is written faster
    // than it travels is kept in memory.
    Readable.from(chunks(name, content)).pipe(stream);
  });
}

async function file(dossier: string): Promise<void> {
  const content = randomBytes(2_500_000);
  const uploads = stub('efile', api.sockel.efile.v1.UploadService);
  const documents = stub('efile', api.sockel.efile.v1.DocumentService);
  const upload = await call(uploads, 'CreateUpload', {
    parent: settings.tenant, requestId: randomUUID(),
    upload: { dossier, size: content.length,
              sha256: createHash('sha256').update(content).digest() } });
  const whole = await append(uploads, upload.name, content);
  expect(whole.state === 'COMPLETE', 'a complete upload');
  const document = await call(documents, 'CreateDocument', {
    parent: dossier, requestId: randomUUID(), upload: upload.name,
    document: { subject: 'Bescheid' } });
  step('upload');
  const parts: Buffer[] = [];
  for await (const answer of documents.DownloadContent({ name: document.name }, metadata())) {
    parts.push(answer.data);
  }
  expect(Buffer.concat(parts).equals(content), 'the same bytes');
  step('download');
}

async function watch(dossiers: any): Promise<void> {
  const events = stub('efile', api.sockel.events.v1.EventService);
  const stream = events.WatchEvents(
    { parent: settings.tenant, types: ['efile.dossier.created'] }, metadata(),
    { deadline: Date.now() + 20_000 });
  const made = await createDossier(dossiers);
  for await (const answer of stream) {
    if (answer.event && answer.event.resource === made) break;
  }
  stream.cancel();
  step('watch');
}

async function createDossier(dossiers: any): Promise<string> {
  const dossier = await call(dossiers, 'CreateDossier', {
    parent: settings.tenant, requestId: randomUUID(),
    dossier: { filePlanEntry: `${settings.tenant}/filePlanEntries/51`, subject: 'Antrag' } });
  return dossier.name;
}

// google.rpc.Status as the trailer carries it.
async function errorDetails(dossiers: any): Promise<void> {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => path.join(googleProtos, target);
  await root.load(['google/rpc/status.proto', 'google/rpc/error_details.proto']);
  const Status = root.lookupType('google.rpc.Status');
  const error = await call(dossiers, 'GetDossier', { name: 'not/a/name' }).then(
    () => { throw new Error('expected: a refusal'); }, (refusal: grpc.ServiceError) => refusal);
  const status: any = Status.decode(error.metadata.get('grpc-status-details-bin')[0] as Buffer);
  const read = (type: string): any => {
    const found = status.details.find((any: any) => any.type_url.endsWith(`/${type}`));
    return found && root.lookupType(type).decode(found.value);
  };
  expect(error.code === grpc.status.INVALID_ARGUMENT, 'INVALID_ARGUMENT');
  expect(read('google.rpc.ErrorInfo').reason === 'FIELD_INVALID', 'the reason');
  expect(read('google.rpc.BadRequest').fieldViolations[0].field === 'name', 'the field');
  step('error details');
}

async function main(): Promise<void> {
  await signIn();
  const dossiers = stub('efile', api.sockel.efile.v1.DossierService);
  await file(await createDossier(dossiers));
  await watch(dossiers);
  await errorDetails(dossiers);
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
