import { Button } from "react-aria-components";
import { say, sentence } from "../state/store";
import { savePng, saveSvg } from "./saveChart";

interface Props {
  /** In the buttons' names and, with dashes, the files'. */
  name: string;
  isDisabled?: boolean;
  /** The chart as it looks anywhere. */
  make: () => SVGSVGElement;
}

export function SaveButtons({ name, isDisabled = false, make }: Props) {
  const file = name.replaceAll(" ", "-");
  return (
    <div className="row save" role="group" aria-label={`Save the ${name}`}>
      <Button className="button quiet small" isDisabled={isDisabled} aria-label={`Save SVG of the ${name}`} onPress={() => saveSvg(make(), file)}>
        Save SVG
      </Button>
      <Button
        className="button quiet small"
        isDisabled={isDisabled}
        aria-label={`Save PNG of the ${name}`}
        onPress={() => void savePng(make(), file).catch((error: unknown) => say(sentence(error)))}
      >
        Save PNG
      </Button>
    </div>
  );
}
