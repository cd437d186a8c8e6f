import { useObjectUrl } from "../parts/useObjectUrl";
import { fileOf } from "../state/contents";

/** A picture as large as it takes to see what it shows: a dial, an age, how full it is. */
export function Large({ id }: { id: string }) {
  const url = useObjectUrl(fileOf(id) ?? null);
  return url && <img className="large" src={url} alt="The picture that is picked" />;
}
