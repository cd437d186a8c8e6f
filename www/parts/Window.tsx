import type { ReactNode } from "react";
import { Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";

interface Props {
  title: ReactNode;
  wide?: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** A window over the page, there as long as it is drawn. Escape and a press beside it close it. */
export function Window({ title, wide = false, onClose, children }: Props) {
  return (
    <ModalOverlay isOpen isDismissable onOpenChange={(open) => !open && onClose()} className="overlay">
      <Modal className={wide ? "modal wide" : "modal"}>
        <Dialog className="dialog">
          <Heading slot="title">{title}</Heading>
          {children}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
