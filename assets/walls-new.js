// A new wall on /walls: a copy of another under a name that is free, then its editor.
(function () {
  "use strict";
  const { campus } = window;
  const byId = (id) => document.getElementById(id);
  const NAME = /^[a-z0-9][a-z0-9._-]{0,79}$/;

  async function asked(path, options = {}) {
    const reply = await fetch(path, { signal: AbortSignal.timeout(10_000), headers: { "Content-Type": "application/json" }, ...options });
    const answer = await reply.json().catch(() => null);
    if (!reply.ok) throw new Error(answer?.detail ?? String(reply.status));
    return answer;
  }

  async function make() {
    const says = byId("walls-new-says");
    const texts = JSON.parse(says.dataset.texts);
    const name = byId("walls-new-name").value.trim();
    if (!NAME.test(name)) {
      campus.wall.write(says, texts["id-bad"]);
      byId("walls-new-name").focus();
      return;
    }
    byId("walls-new-do").disabled = true;
    try {
      const { data, order } = await asked(`/api/v1/walls/${encodeURIComponent(byId("walls-new-from").value)}/source`);
      const address = encodeURIComponent(name);
      await asked(`/api/v1/walls/${address}`, { method: "PUT", body: JSON.stringify({ data, order, based_on: "" }) });
      location.assign(`/wall/${address}/edit`);
    } catch (error) {
      campus.wall.write(says, texts.failed.replace("{why}", error.message));
      byId("walls-new-do").disabled = false;
    }
  }

  document.addEventListener("click", (event) => event.target.closest("#walls-new-do") && make());
  document.addEventListener("keydown", (event) => event.key === "Enter" && event.target.id === "walls-new-name" && make());
})();
