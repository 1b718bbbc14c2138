package vn.archive.judge;

import io.ocfl.api.OcflRepository;
import io.ocfl.core.OcflRepositoryBuilder;
import io.ocfl.core.extension.UnsupportedExtensionBehavior;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Security;
import java.util.List;
import java.util.stream.Stream;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

/**
 * Judges OCFL storage roots: every object where the layout puts it, valid with all digests, nothing between.
 * Prints for each root "ERROR ..." lines and at last "EXAMINED n". Exit 0: all good; 1: not; 3: the judge itself failed.
 */
public final class Main {
    private int errors;
    private int examined;

    public static void main(String[] args) throws IOException {
        Security.addProvider(new BouncyCastleProvider());
        int errors = 0;
        for (String place : args) {
            Main judge = new Main();
            try {
                judge.root(Path.of(place).toAbsolutePath().normalize());
            } catch (Throwable broken) {
                broken.printStackTrace();
                System.exit(3);
            }
            System.out.println("EXAMINED " + judge.examined);
            errors += judge.errors;
        }
        System.exit(errors == 0 ? 0 : 1);
    }

    private void root(Path root) throws IOException {
        // The library makes a new root of an empty folder, so the declaration is looked for first.
        if (!Files.isRegularFile(root.resolve("0=ocfl_1.0")) && !Files.isRegularFile(root.resolve("0=ocfl_1.1"))) {
            error(root + ": no declaration of a storage root");
            return;
        }
        strays(root, root);
        Path work = Files.createTempDirectory("judge");
        try {
            OcflRepository repository = new OcflRepositoryBuilder()
                .storage(storage -> storage.fileSystem(root))
                .workDir(work)
                .unsupportedExtensionBehavior(UnsupportedExtensionBehavior.WARN)
                .build();
            try (Stream<String> ids = repository.listObjectIds()) {
                ids.forEach(id -> object(repository, id));
            }
            repository.close();
        } catch (RuntimeException refused) {
            // It throws instead of telling, also when a root's layout is none.
            error(root + ": " + refused.getMessage());
        }
        try (Stream<Path> left = Files.walk(work)) {
            left.sorted((a, b) -> b.compareTo(a)).forEach(path -> path.toFile().delete());
        }
    }

    private void object(OcflRepository repository, String id) {
        examined++;
        try {
            repository.validateObject(id, true).getErrors()
                .forEach(each -> error(id + ": " + each.getCode() + " " + each.getMessage()));
        } catch (RuntimeException refused) {
            // It throws instead of telling when an object is not at its place, or a version folder is a file.
            error(id + ": " + refused);
        }
    }

    /** Files and empty folders between root and objects: the library passes them over. */
    private void strays(Path root, Path folder) throws IOException {
        List<Path> children;
        try (Stream<Path> list = Files.list(folder)) {
            children = list.sorted().toList();
        }
        if (children.stream().anyMatch(each -> each.getFileName().toString().startsWith("0=ocfl_object_"))) {
            return;
        }
        boolean top = folder.equals(root);
        if (!top && children.isEmpty()) {
            error(root.relativize(folder) + ": empty folder outside an object");
        }
        for (Path child : children) {
            if (Files.isDirectory(child)) {
                if (!(top && child.getFileName().toString().equals("extensions"))) {
                    strays(root, child);
                }
            } else if (!top) {
                error(root.relativize(child) + ": file outside an object");
            }
        }
    }

    private void error(String message) {
        errors++;
        System.out.println("ERROR " + message.replaceAll("\\R", " "));
    }
}
