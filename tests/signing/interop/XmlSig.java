import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.xml.crypto.AlgorithmMethod;
import javax.xml.crypto.Data;
import javax.xml.crypto.KeySelector;
import javax.xml.crypto.KeySelectorResult;
import javax.xml.crypto.OctetStreamData;
import javax.xml.crypto.URIDereferencer;
import javax.xml.crypto.URIReference;
import javax.xml.crypto.URIReferenceException;
import javax.xml.crypto.XMLCryptoContext;
import javax.xml.crypto.XMLStructure;
import javax.xml.crypto.dsig.CanonicalizationMethod;
import javax.xml.crypto.dsig.DigestMethod;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.SignatureMethod;
import javax.xml.crypto.dsig.SignedInfo;
import javax.xml.crypto.dsig.Transform;
import javax.xml.crypto.dsig.XMLSignature;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMSignContext;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.crypto.dsig.keyinfo.KeyInfo;
import javax.xml.crypto.dsig.keyinfo.KeyInfoFactory;
import javax.xml.crypto.dsig.keyinfo.X509Data;
import javax.xml.crypto.dsig.spec.C14NMethodParameterSpec;
import javax.xml.crypto.dsig.spec.ExcC14NParameterSpec;
import javax.xml.crypto.dsig.spec.TransformParameterSpec;
import javax.xml.crypto.dsig.spec.XPathFilterParameterSpec;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * A second implementation of XML signatures for the tests: the one of the JDK, offline.
 *
 * <pre>
 * java XmlSig.java verify FILE...                    prints one line a file: "valid" or why not
 * java XmlSig.java sign P12 PASSWORD DOCUMENT DIR    signs in every way it knows; prints the files written
 * </pre>
 *
 * A reference cid:NAME or ni:///sha-256;NAME means the file NAME beside the document. Nothing else is fetched.
 */
public final class XmlSig {
    private static final String DS = XMLSignature.XMLNS;
    private static final String MORE = "http://www.w3.org/2001/04/xmldsig-more#";
    private static final String PSS = "http://www.w3.org/2007/05/xmldsig-more#";
    private static final XMLSignatureFactory FACTORY = XMLSignatureFactory.getInstance("DOM");

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("verify")) {
            for (int n = 1; n < arguments.length; n++) {
                System.out.println(verify(Path.of(arguments[n])));
            }
        } else {
            sign(Path.of(arguments[1]), arguments[2].toCharArray(), Path.of(arguments[3]), Path.of(arguments[4]));
        }
    }

    private static String verify(Path path) {
        try {
            Document document = read(path);
            NodeList found = document.getElementsByTagNameNS(DS, "Signature");
            if (found.getLength() != 1) {
                return found.getLength() + " signatures";
            }
            DOMValidateContext context = new DOMValidateContext(new FromCertificate(), found.item(0));
            context.setURIDereferencer(new Beside(path.toAbsolutePath().getParent()));
            NodeList all = document.getElementsByTagNameNS("*", "*");
            for (int n = 0; n < all.getLength(); n++) {
                Element element = (Element) all.item(n);
                if (element.hasAttributeNS(null, "Id")) {
                    context.setIdAttributeNS(element, null, "Id");
                }
            }
            XMLSignature signature = FACTORY.unmarshalXMLSignature(context);
            return signature.validate(context) ? "valid" : "invalid";
        } catch (Exception error) {
            return error.toString().replace('\n', ' ');
        }
    }

    private static void sign(Path p12, char[] password, Path path, Path directory) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream input = Files.newInputStream(p12)) {
            store.load(input, password);
        }
        String alias = store.aliases().nextElement();
        PrivateKey key = (PrivateKey) store.getKey(alias, password);
        X509Certificate certificate = (X509Certificate) store.getCertificate(alias);

        List<String> methods = key.getAlgorithm().equals("RSA")
            ? List.of(MORE + "rsa-sha256", MORE + "rsa-sha512", PSS + "sha256-rsa-MGF1", PSS + "rsa-pss")
            : List.of(MORE + "ecdsa-sha256");
        List<String> forms = List.of(
            CanonicalizationMethod.INCLUSIVE,
            CanonicalizationMethod.INCLUSIVE_WITH_COMMENTS,
            "http://www.w3.org/2006/12/xml-c14n11",
            CanonicalizationMethod.EXCLUSIVE,
            CanonicalizationMethod.EXCLUSIVE_WITH_COMMENTS);
        int number = 0;
        for (String method : methods) {
            for (String form : forms) {
                for (boolean xpath : new boolean[] {false, true}) {
                    Path target = directory.resolve("java-" + key.getAlgorithm() + "-" + number++ + ".xml");
                    signOne(key, certificate, method, form, xpath, path, target);
                    System.out.println(target);
                }
            }
        }
    }

    private static void signOne(
        PrivateKey key, X509Certificate certificate, String method, String form, boolean xpath, Path source, Path target)
        throws Exception {
        Document document = read(source);
        NodeList headers = document.getElementsByTagNameNS("*", "edXMLHeader");
        Element place = (Element) (headers.getLength() == 1 ? headers.item(0) : document.getDocumentElement());
        Transform takeOut = xpath
            ? FACTORY.newTransform(
                Transform.XPATH,
                new XPathFilterParameterSpec("not(ancestor-or-self::sig:Signature)", Map.of("sig", DS)))
            : FACTORY.newTransform(Transform.ENVELOPED, (TransformParameterSpec) null);
        List<Transform> transforms = new ArrayList<>(List.of(takeOut));
        if (!form.equals(CanonicalizationMethod.INCLUSIVE)) {
            transforms.add(FACTORY.newTransform(form, (TransformParameterSpec) null));
        }
        DigestMethod sha256 = FACTORY.newDigestMethod(DigestMethod.SHA256, null);
        List<Reference> references = List.of(
            FACTORY.newReference("", sha256, transforms, null, null),
            FACTORY.newReference("cid:attachment", sha256));
        C14NMethodParameterSpec parameters = form.equals(CanonicalizationMethod.EXCLUSIVE)
            ? new ExcC14NParameterSpec(List.of("edXML"))
            : null;
        SignedInfo signedInfo = FACTORY.newSignedInfo(
            FACTORY.newCanonicalizationMethod(form, parameters), FACTORY.newSignatureMethod(method, null), references);
        KeyInfoFactory keys = FACTORY.getKeyInfoFactory();
        KeyInfo keyInfo = keys.newKeyInfo(List.of(
            keys.newKeyValue(certificate.getPublicKey()),
            keys.newX509Data(List.of(certificate.getSubjectX500Principal().getName(), certificate))));
        DOMSignContext context = new DOMSignContext(key, place);
        context.setDefaultNamespacePrefix(xpath ? "ds" : "");
        context.setURIDereferencer(new Beside(source.toAbsolutePath().getParent()));
        FACTORY.newXMLSignature(signedInfo, keyInfo).sign(context);
        TransformerFactory.newInstance().newTransformer()
            .transform(new DOMSource(document), new StreamResult(target.toFile()));
    }

    private static Document read(Path path) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        try (InputStream input = Files.newInputStream(path)) {
            return factory.newDocumentBuilder().parse(input);
        }
    }

    private static final class Beside implements URIDereferencer {
        private final Path directory;

        Beside(Path directory) {
            this.directory = directory;
        }

        @Override
        public Data dereference(URIReference reference, XMLCryptoContext context) throws URIReferenceException {
            String uri = reference.getURI();
            if (uri.isEmpty() || uri.startsWith("#")) {
                return FACTORY.getURIDereferencer().dereference(reference, context);
            }
            for (String scheme : List.of("cid:", "ni:///sha-256;")) {
                if (uri.startsWith(scheme)) {
                    try {
                        Path file = directory.resolve(uri.substring(scheme.length()));
                        return new OctetStreamData(new ByteArrayInputStream(Files.readAllBytes(file)));
                    } catch (Exception error) {
                        throw new URIReferenceException(error);
                    }
                }
            }
            throw new URIReferenceException("not fetched: " + uri);
        }
    }

    private static final class FromCertificate extends KeySelector {
        @Override
        public KeySelectorResult select(KeyInfo info, Purpose purpose, AlgorithmMethod method, XMLCryptoContext context) {
            for (Object structure : info.getContent()) {
                if (structure instanceof X509Data) {
                    for (Object content : ((X509Data) structure).getContent()) {
                        if (content instanceof X509Certificate) {
                            PublicKey key = ((X509Certificate) content).getPublicKey();
                            return () -> (Key) key;
                        }
                    }
                }
            }
            return () -> null;
        }
    }
}
