import { Component, type ReactNode } from "react";

/** A panel that cannot be drawn says so, and the others, with all that was collected, stay. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state = { error: null as Error | null };

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <p role="alert" className="warn">
        This part of the page broke: {error.message}. Your samples are still here; please report it.
      </p>
    );
  }
}
