import { fileOf } from "../state/contents";
import { useThumb } from "../thumbs/thumbs";

/** A picture in small. `alt` is empty where its name stands beside it or on the element around it. */
export function Thumb({ id, file = fileOf(id), alt = "" }: { id: string; file?: Blob | undefined; alt?: string }) {
  const url = useThumb(id, file);
  if (url) return <img className="thumb" src={url} alt={alt} draggable={false} />;
  return (
    <span className="thumb none" role={alt ? "img" : undefined} aria-label={alt || undefined}>
      {url === null ? "no preview" : ""}
    </span>
  );
}
