// A page that is opened as a file cannot start a worker. There the search runs in a hidden frame, with what a worker has: postMessage,
// importScripts and message events. The theme's search looks for the name IFrameWorker.
if (location.protocol === "file:") {
  window.IFrameWorker = class extends EventTarget {
    constructor(url) {
      super()
      this.frame = document.createElement("iframe")
      this.frame.hidden = true
      document.body.append(this.frame)
      const inside = this.frame.contentWindow
      addEventListener("message", event => {
        if (event.source === inside) this.deliver(event.data)
      })
      this.ready = new Promise(resolve => {
        inside.document.open()
        inside.document.write(
          `<script>
            postMessage = data => parent.postMessage(data, "*")
            importScripts = (...addresses) => addresses.reduce((before, address) => before.then(() => new Promise(done => {
              const script = document.createElement("script")
              script.src = address
              script.onload = script.onerror = done
              document.body.append(script)
            })), Promise.resolve())
          </script><body><script src="${url}"></script></body>`)
        inside.document.close()
        this.frame.addEventListener("load", resolve)
      })
    }

    deliver(data) {
      const event = new MessageEvent("message", { data })
      this.dispatchEvent(event)
      if (this.onmessage) this.onmessage(event)
    }

    postMessage(data) {
      this.ready.then(() => this.frame.contentWindow.dispatchEvent(new MessageEvent("message", { data })))
    }

    terminate() {
      this.frame.remove()
    }
  }
  window.Worker = window.IFrameWorker
}
