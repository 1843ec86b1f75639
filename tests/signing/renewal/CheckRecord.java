import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.tsp.ers.ERSByteData;
import org.bouncycastle.tsp.ers.ERSData;
import org.bouncycastle.tsp.ers.ERSDataGroup;
import org.bouncycastle.tsp.ers.ERSEvidenceRecord;
import org.bouncycastle.tsp.ers.ERSException;

/** Usage: CheckRecord EPOCH-SECONDS {RECORD FILE... --}...: a line for each, "present" or why not. */
public class CheckRecord {
    public static void main(String[] arguments) throws Exception {
        Date at = new Date(Long.parseLong(arguments[0]) * 1000L);
        ERSEvidenceRecord record = null;
        List<ERSData> files = new ArrayList<>();
        for (int i = 1; i < arguments.length; i++) {
            if (arguments[i].equals("--")) {
                try {
                    record.validatePresent(files.size() == 1 ? files.get(0) : new ERSDataGroup(files), at);
                    System.out.println("present");
                } catch (ERSException wrong) {
                    System.out.println(wrong.getMessage());
                }
                record = null;
                files = new ArrayList<>();
            } else if (record == null) {
                byte[] der = Files.readAllBytes(Path.of(arguments[i]));
                record = new ERSEvidenceRecord(der, new JcaDigestCalculatorProviderBuilder().build());
            } else {
                files.add(new ERSByteData(Files.readAllBytes(Path.of(arguments[i]))));
            }
        }
    }
}
