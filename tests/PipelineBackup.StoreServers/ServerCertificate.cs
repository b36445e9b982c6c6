using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PipelineBackup.StoreServers;

/// <summary>A certificate for a server on this machine, signed by an authority that nobody knows who has not its file.</summary>
public sealed class ServerCertificate : IDisposable
{
    /// <summary>Makes authority, certificate and file.</summary>
    public ServerCertificate()
    {
        var start = DateTimeOffset.UtcNow.AddHours(-1);
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authority = new CertificateRequest("CN=authority of a test", authorityKey, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        authority.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(authority.PublicKey, false));
        using var signer = authority.CreateSelfSigned(start, start.AddDays(2));

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var server = new CertificateRequest("CN=server of a test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        server.CertificateExtensions.Add(names.Build());
        server.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.1")], false));
        using var signed = server.Create(signer, start, start.AddDays(1), RandomNumberGenerator.GetBytes(8));
        Certificate = signed.CopyWithPrivateKey(key);

        AuthorityFile = Path.GetTempFileName();
        File.WriteAllText(AuthorityFile, signer.ExportCertificatePem());
    }

    /// <summary>The server's, with its key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The file with the authority's, in PEM.</summary>
    public string AuthorityFile { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Certificate.Dispose();
        File.Delete(AuthorityFile);
    }
}
