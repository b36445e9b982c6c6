using Npgsql;

namespace PipelineBackup.Sinks.Postgres.Tests;

/// <summary>What an address says, and what none may say.</summary>
public class PostgresAddressTests
{
    [Fact]
    public void An_address_has_its_parts()
    {
        var options = Parse("postgres://back%20up@db.example.com:5433/my%20db/store_1"
            + "?encryption=verify-full&root-certificate=/etc/ca.pem&concurrency=7&connect-timeout=9&answer-timeout=90");
        Assert.Equal(
            new PostgresSinkOptions
            {
                Host = "db.example.com",
                Port = 5433,
                Database = "my db",
                Schema = "store_1",
                User = "back up",
                Encryption = SslMode.VerifyFull,
                RootCertificate = "/etc/ca.pem",
                Concurrency = 7,
                ConnectTimeout = TimeSpan.FromSeconds(9),
                AnswerTimeout = TimeSpan.FromSeconds(90),
            },
            options);
    }

    [Fact]
    public void What_an_address_leaves_out_has_its_default()
    {
        Assert.Equal(new PostgresSinkOptions { Database = "db" }, Parse("postgres:///db"));
        Assert.Equal("/run/postgresql", Parse("postgres:///db?socket=/run/postgresql").Host);
        Assert.Equal("::1", Parse("postgres://[::1]/db").Host);
    }

    [Theory]
    [InlineData("postgres://host", "a database")]
    [InlineData("postgres://host/db/schema/more", "a database")]
    [InlineData("postgres://host/db?sslmode=require", "'sslmode' is not known")]
    [InlineData("postgres://host/db?encryption=some", "'encryption' is one of")]
    [InlineData("postgres://host/db?encryption=3", "'encryption' is one of")]
    [InlineData("postgres://host/db?concurrency=many", "'concurrency' is a whole number")]
    [InlineData("postgres://host/db?concurrency=2&concurrency=3", "'concurrency' stands there twice")]
    [InlineData("postgres://host/db#x", "fragment")]
    [InlineData("http://host/db", "expected postgres://")]
    public void What_is_wrong_is_told(string address, string message) => Assert.Contains(
        message, Assert.Throws<ArgumentException>(() => Parse(address)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("postgres://host/db/UPPER", "no schema")]
    [InlineData("postgres://host/db/a%22b", "no schema")]
    [InlineData("postgres://host/db?concurrency=0", "concurrency of 0")]
    [InlineData("postgres://host/db?connect-timeout=0", "for a connection")]
    public void What_makes_no_sense_is_told_before_anyone_is_asked(string address, string message) => Assert.Contains(
        message, Assert.Throws<ArgumentException>(() => new PostgresSinkFactory().Create(new(address), false)).Message,
        StringComparison.Ordinal);

    [Fact]
    public void All_that_is_wrong_is_told_at_once()
    {
        string message = Assert.Throws<ArgumentException>(() => Parse("postgres://host/?x=1&y=2#z")).Message;
        foreach (string part in (string[])["a database", "'x'", "'y'", "fragment"])
            Assert.Contains(part, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres://user:s3cret@host/db")]
    [InlineData("postgres://host/db?password=s3cret")]
    public void A_password_in_an_address_is_refused_and_not_shown(string address)
    {
        var refused = Assert.Throws<ArgumentException>(() => Parse(address));
        Assert.DoesNotContain("s3cret", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Options_never_show_their_password()
    {
        var options = new PostgresSinkOptions { Database = "db", Password = "s3cret" };
        Assert.DoesNotContain("s3cret", options.ToString(), StringComparison.Ordinal);
    }

    private static PostgresSinkOptions Parse(string address) => PostgresAddress.Parse(new(address));
}
