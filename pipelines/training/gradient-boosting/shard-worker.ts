// A thread that owns a shard: it waits for commands on the board and does them.
import { parentPort, workerData } from "node:worker_threads";
import { OP, Shard, type ShardPlan } from "./shard.ts";

/** Looks at the signal this often before it sleeps, which bridges the main thread's search for the next split. */
const SPINS = 20000;

function work(plan: ShardPlan): void {
  const { signals, command } = plan.board;
  const shard = new Shard(plan);
  parentPort?.postMessage("ready");
  let done = 0;
  for (;;) {
    for (let i = 0; i < SPINS && Atomics.load(signals, 0) === done; i++);
    // The loop, because the notification of a command that was seen while spinning may arrive after it was done.
    while (Atomics.load(signals, 0) === done) Atomics.wait(signals, 0, done);
    done = Atomics.load(signals, 0);
    if (command[0] === OP.stop) return;
    shard.run();
    Atomics.store(signals, 2 + plan.shard, done);
    Atomics.notify(signals, 2 + plan.shard);
  }
}

work(workerData as ShardPlan);
