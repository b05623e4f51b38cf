// Runs in a worker: lets a call's audio pass, and tells of the packets in it that are key presses (RFC 4733).

interface Frame {
  readonly data: ArrayBuffer;
  getMetadata(): { readonly mimeType?: string; readonly rtpTimestamp?: number };
}

interface Transformer {
  readonly options: { readonly call: number };
  readonly readable: ReadableStream<Frame>;
  readonly writable: WritableStream<Frame>;
}

declare function postMessage(message: object): void;

addEventListener("rtctransform", (event) => {
  const { options, readable, writable } = (event as Event & { readonly transformer: Transformer }).transformer;
  const listen = new TransformStream<Frame, Frame>({
    transform(frame, controller) {
      const { mimeType, rtpTimestamp } = frame.getMetadata();
      if (mimeType?.toLowerCase() === "audio/telephone-event") {
        postMessage({ call: options.call, payload: new Uint8Array(frame.data.slice(0)), timestamp: rtpTimestamp ?? 0 });
      }
      controller.enqueue(frame);
    },
  });
  void readable.pipeThrough(listen).pipeTo(writable);
});

postMessage({ ready: true });
