// Long work: asks how far it is, moves the bar, says so now and then, and shows the result when it is there.
import { request } from "./net.js";
import { say } from "./words.js";

const box = document.querySelector("[data-job]");
let lastSaid = 0;

async function look(pause) {
  let job = null;
  try {
    job = await request("GET", box.dataset.job);
  } catch (trouble) {
    if (trouble.status === 401 || trouble.status === 404) return location.reload();
  }
  if (job && !["waiting", "running"].includes(job.state)) return location.reload();
  if (job?.total) paint(job);
  return setTimeout(() => look(Math.min(pause * 1.3, 3000)), pause);
}

function paint(job) {
  const bar = box.querySelector("progress");
  bar.max = job.total;
  bar.value = job.done;
  const text = say("progress", job);
  box.querySelector("[data-job-text]").textContent = text;
  if (Date.now() - lastSaid > 5000) {
    lastSaid = Date.now();
    box.querySelector("[data-job-live]").textContent = text;
  }
}

if (box) look(400);
