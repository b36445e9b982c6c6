using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PipelineBackup.Shared;

/// <summary>Authorities whose signature under a server's certificate is trusted beside those that the machine trusts.</summary>
internal sealed class PrivateAuthorities
{
    // That a certificate is for servers: what is demanded of one that the machine trusts, too.
    private static readonly Oid s_servers = new("1.3.6.1.5.5.7.3.1");

    private readonly X509Certificate2Collection _authorities = [];

    private PrivateAuthorities()
    {
    }

    /// <summary>Reads the certificates of authorities.</summary>
    /// <param name="file">A PEM file with one or more.</param>
    /// <exception cref="ArgumentException">It cannot be read, or holds none.</exception>
    public static PrivateAuthorities Of(string file)
    {
        var read = new PrivateAuthorities();
        try
        {
            read._authorities.ImportFromPemFile(file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new ArgumentException($"'{file}' cannot be read as certificates in PEM", failure);
        }

        return read._authorities.Count > 0 ? read : throw new ArgumentException($"'{file}' holds no certificate in PEM");
    }

    /// <summary>Judges a server's certificate, as a connection asks for it.</summary>
    /// <param name="sender">The connection.</param>
    /// <param name="certificate">The server's certificate.</param>
    /// <param name="chain">What the machine made of it.</param>
    /// <param name="errors">What the machine has against it.</param>
    public bool Trusts(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        // A wrong name, or no certificate at all, no signature makes good.
        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is null || chain is null)
            return errors == SslPolicyErrors.None;
        using var judged = new X509Chain
        {
            ChainPolicy =
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                // Private authorities seldom publish what they revoke.
                RevocationMode = X509RevocationMode.NoCheck,
            },
        };
        judged.ChainPolicy.ApplicationPolicy.Add(s_servers);
        judged.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        // What the server sent along lies between its own certificate and the authority's.
        foreach (var element in chain.ChainElements)
            judged.ChainPolicy.ExtraStore.Add(element.Certificate);
        return judged.Build(new X509Certificate2(certificate));
    }
}
