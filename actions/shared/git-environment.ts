type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Environment for the git of this process: credentials for the server's repositories, as a header that is never written to
 * disk (checkout runs with `persist-credentials: false`), and who the commits are by. Without a token git asks as anybody.
 */
export function gitEnvironment(env: Environment, token: string): Record<string, string> {
  return { ...identity(env), ...credentials(env, token) };
}

/** The author is who started the run; the committer is the bot that GitHub shows for it. */
function identity(env: Environment): Record<string, string> {
  const bot = { name: "github-actions[bot]", email: noReply(env, `${botId}+github-actions[bot]`) };
  const actor = env.GITHUB_ACTOR ?? bot.name;
  const email = noReply(env, env.GITHUB_ACTOR_ID ? `${env.GITHUB_ACTOR_ID}+${actor}` : actor);
  return {
    GIT_AUTHOR_NAME: actor,
    GIT_AUTHOR_EMAIL: actor === bot.name ? bot.email : email,
    GIT_COMMITTER_NAME: bot.name,
    GIT_COMMITTER_EMAIL: bot.email,
  };
}

/** Of the bot on GitHub.com, by which it shows a commit's picture; another server shows none. */
const botId = 41_898_282;

/** The address by which a server knows who a commit is by, without telling anybody's real one. */
function noReply({ GITHUB_SERVER_URL = "" }: Environment, name: string): string {
  const host = URL.canParse(GITHUB_SERVER_URL) ? new URL(GITHUB_SERVER_URL).hostname : "localhost";
  return `${name}@users.noreply.${host}`;
}

function credentials(env: Environment, token: string): Record<string, string> {
  const server = env.GITHUB_SERVER_URL;
  if (token === "" || !server) return {};
  const basic = Buffer.from(`x-access-token:${token}`).toString("base64");
  return {
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: `http.${server.replace(/\/$/, "")}/.extraheader`,
    GIT_CONFIG_VALUE_0: `AUTHORIZATION: basic ${basic}`,
    GIT_TERMINAL_PROMPT: "0",
  };
}
