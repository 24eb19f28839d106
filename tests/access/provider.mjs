// A real OpenID Connect provider on this machine, for tests: node provider.mjs CALLBACK [CALLBACK ...]
// Says its issuer on the first line. People sign in by name with any password; `people` says what is claimed of them.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const people = {
  li: { preferred_username: "li", name: "Li Lei", roles: ["noc"] },
  wang: { preferred_username: "wang", name: "Wang Fang", roles: ["noc", "noc-lead"] },
  guest: { preferred_username: "guest", name: "Guest", roles: ["library"] },
};

const keys = [["rsa", { modulusLength: 2048 }], ["ec", { namedCurve: "P-256" }]].map(([kind, options]) => ({
  ...generateKeyPairSync(kind, options).privateKey.export({ format: "jwk" }), kid: kind, use: "sig",
}));

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const client = { redirect_uris: process.argv.slice(2), grant_types: ["authorization_code"], response_types: ["code"], post_logout_redirect_uris: process.argv.slice(2).map((back) => new URL("/sign-in", back).href) };
  const provider = new Provider(issuer, {
    clients: [
      { ...client, client_id: "campus-twin", client_secret: "a secret of the tests" },
      { ...client, client_id: "public", token_endpoint_auth_method: "none", id_token_signed_response_alg: "ES256" },
    ],
    jwks: { keys },
    enabledJWA: { idTokenSigningAlgValues: ["RS256", "ES256"] },
    scopes: ["openid", "profile", "roles"],
    claims: { openid: ["sub"], profile: ["preferred_username", "name"], roles: ["roles"] },
    pkce: { required: () => true },
    cookies: { keys: ["only for tests"] },
    features: { devInteractions: { enabled: true } },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
    ttl: { AccessToken: 300, AuthorizationCode: 60, IdToken: 300, Interaction: 300, Grant: 300, Session: 300 },
  });
  server.on("request", provider.callback());
  console.log(issuer);
});
process.on("SIGTERM", () => process.exit(0));
