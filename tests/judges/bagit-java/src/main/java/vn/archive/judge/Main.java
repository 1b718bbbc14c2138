package vn.archive.judge;

import gov.loc.repository.bagit.domain.Bag;
import gov.loc.repository.bagit.reader.BagReader;
import gov.loc.repository.bagit.verify.BagVerifier;
import java.nio.file.Path;

/**
 * Judges bag folders with the library of the Library of Congress: complete, every digest, Payload-Oxum.
 * Prints "ERROR ..." lines and at last "EXAMINED n". Exit 0: all good; 1: not; 3: the judge itself failed.
 */
public final class Main {
    public static void main(String[] args) {
        int code = 0;
        for (String arg : args) {
            try (BagVerifier verifier = new BagVerifier()) {
                Bag bag = new BagReader().read(Path.of(arg));
                verifier.isValid(bag, false);
                if (BagVerifier.canQuickVerify(bag)) {
                    BagVerifier.quicklyVerify(bag);
                }
            } catch (Exception refused) {
                System.out.println("ERROR " + arg + ": " + refused);
                code = 1;
            } catch (Error broken) {
                broken.printStackTrace();
                System.exit(3);
            }
        }
        System.out.println("EXAMINED " + args.length);
        System.exit(code);
    }
}
