import { dirname, join } from "node:path";
import { type PeerProcess, startPeer } from "./peer-process.ts";
import { python } from "./virtual-environment.ts";

/** A process of the real MLflow that answers at `url`. */
export type MlflowProcess = PeerProcess;

/** Starts `mlflow <args> --host … --port …` and waits until `healthPath` answers. Its output goes to mlflow.log in `folder`. */
export function startMlflow(folder: string, args: readonly string[], healthPath: string): Promise<MlflowProcess> {
  const bin = dirname(python);
  return startPeer({
    ...{ name: "mlflow", folder, healthPath },
    program: join(bin, "mlflow"),
    args: (port) => [...args, "--host", "127.0.0.1", "--port", String(port)],
    env: { PATH: `${bin}:${process.env.PATH}` },
  });
}
