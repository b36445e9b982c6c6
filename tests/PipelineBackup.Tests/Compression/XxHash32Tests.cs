using System.Text;

namespace PipelineBackup.Compression.Tests;

public class XxHash32Tests
{
    [Theory]
    [InlineData("", 0x02CC5D05u)]
    [InlineData("a", 0x550D7456u)]
    [InlineData("abc", 0x32D153FFu)]
    [InlineData("Nobody inspects the spammish repetition", 0xE2293B2Fu)]
    public void The_hash_of_known_words(string text, uint hash) =>
        Assert.Equal(hash, XxHash32.Of(Encoding.ASCII.GetBytes(text)));
}
