// The sum of the page's and its workers' requests.
import { create } from "zustand";
import { type Requests, observe } from "./observe";

/** Other tabs of this page have other names. */
export const channelName = `headstart-requests-${Math.random().toString(36).slice(2)}`;

export const useRequests = create<Omit<Requests, "context">>()(() => ({ own: 0, away: 0, refused: 0, bytes: 0 }));

const contexts = new Map<string, Requests>();

function take(requests: Requests): void {
  contexts.set(requests.context, { ...requests });
  const sum = { own: 0, away: 0, refused: 0, bytes: 0 };
  for (const { own, away, refused, bytes } of contexts.values()) {
    sum.own += own;
    sum.away += away;
    sum.refused += refused;
    sum.bytes += bytes;
  }
  useRequests.setState(sum);
}

new BroadcastChannel(channelName).addEventListener("message", ({ data }: MessageEvent<Requests>) => take(data));
observe(take);
